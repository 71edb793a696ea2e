-- What is to be told of. ARGV: writer, a time in microseconds, most records, weight of an edge that says less than any other; a higher one is decided, and says more. Returns for each record, one after the other: its number; how often it changed;
-- the number of its person's first record, empty for a cancelled record; the weight of its strongest edge to a record of that person (f64 LE), empty without one; the link version, which
-- rises with each record that is told, and is not below the time; the first record of the person that it was told to be of, empty where that is the same or none; what became of that
-- person: split (it goes on), merge (all went to a person that was there), rename (all went to one that was not), cancelled.
local entries, now, most, certain = call('HGETALL', ns .. 'o'), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local version = math.max(tonumber(call('GET', ns .. 'l') or '0'), now)
local replies = {}

local function is_cancelled(number) return byte(call('GETRANGE', ns .. 'r' .. number, 0, TOKENS - 1), TOKENS) == CANCELLED end

local function left(number, times, person)
  local was = tonumber(times) < NEW and call('HGET', ns .. 'b', number) or ''
  if was == '' or was == person then return '', '' end
  if person == '' then return was, 'cancelled' end
  if read_person(was) == was and not is_cancelled(was) then return was, 'split' end
  local before, told = call('HGET', ns .. 'b', person), call('HGET', ns .. 'o', person)
  local is_new = told and tonumber(told) >= NEW or before and before ~= person
  return was, is_new and 'rename' or 'merge'
end

for i = 1, math.min(#entries, 2 * most), 2 do
  local number = entries[i]
  local person, edges, strongest, highest = read_person(number), read('e', number) or '', nil, -1
  for at = 1, #edges, 12 do
    local bytes = sub(edges, at + 4, at + 11)
    local weight = struct.unpack('<d', bytes)
    if weight >= certain then weight = weight > certain and math.huge or 0 end
    if weight > highest and read_person(sub(edges, at, at + 3)) == person then strongest, highest = bytes, weight end
  end
  if is_cancelled(number) then person, strongest = '', nil end
  version = version + 1
  local was, change = left(number, entries[i + 1], person)
  for _, one in ipairs({ number, entries[i + 1], person, strongest or '', string.format('%.0f', version), was, change }) do
    replies[#replies + 1] = one
  end
end
call('SET', ns .. 'l', string.format('%.0f', version))
return replies
