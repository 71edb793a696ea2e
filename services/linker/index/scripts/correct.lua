-- Corrects the edges of records that met a limit, which are then reconciled. ARGV: writer, then for each record: its number, edges to write (12 bytes each), numbers of the records to
-- which it has no edge any more. Whose persons may be others by that is marked.
for i = 2, #ARGV, 3 do
  local number, added, removed = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  for at = 1, #added, 12 do
    local other, weight = sub(added, at, at + 3), sub(added, at + 4, at + 11)
    for _, one in ipairs({ { number, other }, { other, number } }) do
      local list = read('e', one[1])
      write('e', one[1], with_edge(list or '', one[2], weight), list)
    end
  end
  for at = 1, #removed, 4 do
    local other = sub(removed, at, at + 3)
    for _, one in ipairs({ { number, other }, { other, number } }) do
      local list = read('e', one[1])
      if list then write('e', one[1], without(list, one[2], 12), list) end
    end
    mark(other)
  end
  if #added + #removed > 0 then mark(number) end
  call('SETBIT', ns .. 'q', (struct.unpack('>I4', number)), 0)
end
