-- Keeps what was decided about pairs of records. ARGV: writer, then for each: two ids, the lower one first; the decision, which begins with its order (f64 LE). Of two of one pair the later
-- one stays. Records that are there are marked: their edges are corrected by the reconciliation, and their persons made again.
for i = 2, #ARGV, 3 do
  local pair, decision = ARGV[i] .. ARGV[i + 1], ARGV[i + 2]
  local known = call('HGET', ns .. 'x', pair)
  if not known or struct.unpack('<d', known) < struct.unpack('<d', decision) then
    call('HSET', ns .. 'x', pair, decision)
    for _, id in ipairs({ ARGV[i], ARGV[i + 1] }) do
      local number = call('HGET', ns .. 'i' .. sub(id, 1, 3), sub(id, 4))
      if number then
        limited(number)
        mark(number)
      end
    end
  end
end
