-- What a record could be linked with, and is. ARGV: writer, 1 where candidates are of the other source only, then a number for each record. Returns a string for each: how many
-- records share a token with it that is not of a hub (u32 BE), their numbers, then its edges. A cancelled record has none.
local function around(number)
  local record = call('GET', ns .. 'r' .. number)
  local found, seen = {}, { [number] = true }
  if record and byte(record, TOKENS) ~= CANCELLED then
    local source = byte(record, SOURCE)
    if ARGV[2] == '1' then source = 1 - source end
    for i = 1, byte(record, TOKENS) do
      local list = read('t' .. source, sub(record, 11 + 8 * i, 18 + 8 * i))
      for at = 1, list and list ~= HUB and #list or 0, 4 do
        local one = sub(list, at, at + 3)
        if not seen[one] then
          seen[one] = true
          found[#found + 1] = one
        end
      end
    end
  end
  return struct.pack('>I4', #found) .. table.concat(found) .. (read('e', number) or '')
end

local replies = {}
for i = 3, #ARGV do replies[#replies + 1] = around(ARGV[i]) end
return replies
