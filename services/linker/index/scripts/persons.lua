-- Writes the persons of records. ARGV: writer, persons (eight bytes each: number of the record, number of the person's first record), then in pairs what was
-- read as marked: number and count.
local persons = ARGV[2]
for i = 1, #persons, 8 do write_person(sub(persons, i, i + 3), sub(persons, i + 4, i + 7)) end
for i = 3, #ARGV, 2 do
  if call('HGET', ns .. 'd', ARGV[i]) == ARGV[i + 1] then call('HDEL', ns .. 'd', ARGV[i]) end
end
