-- Writes the persons of records. ARGV: writer, persons (eight bytes each: number of the record, number of the person's first record), then in pairs what was
-- read as marked: number and count. A record alone has no entry.
local persons = ARGV[2]
for i = 1, #persons, 8 do
  local number, person = sub(persons, i, i + 3), sub(persons, i + 4, i + 7)
  local bucket, field = ns .. 'p' .. sub(number, 1, 3), sub(number, 4)
  if number == person then call('HDEL', bucket, field) else call('HSET', bucket, field, person) end
end
for i = 3, #ARGV, 2 do
  if call('HGET', ns .. 'd', ARGV[i]) == ARGV[i + 1] then call('HDEL', ns .. 'd', ARGV[i]) end
end
