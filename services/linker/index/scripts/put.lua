-- Writes a record and reads its candidates. ARGV: writer, id, record, source of the candidates, budget, hub.
-- Returns state, number, tokens skipped, 1 when the budget ended first, numbers of the candidates, their records. The state is new, same (this version is
-- there: nothing is written, and the candidates are read again), replaced, or stale (a later version is there, or it is cancelled: nothing else is returned).
local id, record = ARGV[2], ARGV[3]
local own, other = 't' .. byte(record, 9), 't' .. ARGV[4]
local budget, hub = tonumber(ARGV[5]), tonumber(ARGV[6])
local state = 'new'
local number = call('HGET', ns .. 'i' .. sub(id, 1, 3), sub(id, 4))
if number then
  local known = call('GET', ns .. 'r' .. number)
  local version, latest = struct.unpack('<d', record), struct.unpack('<d', known)
  local cancelled = byte(known, 10) == CANCELLED
  if latest > version or (latest == version and cancelled) then return { 'stale', number } end
  state = latest == version and 'same' or 'replaced'
  if state == 'replaced' then
    if not cancelled then forget_tokens(known, number) end
    disconnect(number)
    mark(number)
  end
else
  number = struct.pack('>I4', call('INCR', ns .. 'n') - 1)
  call('HSET', ns .. 'i' .. sub(id, 1, 3), sub(id, 4), number)
end

local count = byte(record, 10)
local lists, found, sizes, hubs = {}, {}, {}, 0
for i = 1, count do
  local token = sub(record, 3 + 8 * i, 10 + 8 * i)
  local list = read(other, token)
  lists[i] = list
  if list == HUB then
    hubs = hubs + 1
  elseif list then
    local size = #list / 4
    if state == 'same' and own == other then size = size - 1 end
    -- Equally rare tokens stay in the order of their kinds.
    local at = #found + 1
    while at > 1 and sizes[at - 1] > size do
      found[at], sizes[at] = found[at - 1], sizes[at - 1]
      at = at - 1
    end
    found[at], sizes[at] = list, size
  end
end

local candidates, seen, over = {}, { [number] = true }, 0
for _, list in ipairs(found) do
  local before = #candidates
  for i = #list - 3, 1, -4 do
    local one = sub(list, i, i + 3)
    if not seen[one] then
      seen[one] = true
      candidates[#candidates + 1] = one
    end
  end
  -- A token counts whole or not at all, as in core/linkage/token-index.ts.
  if before > 0 and #candidates > budget then
    for i = #candidates, before + 1, -1 do
      seen[candidates[i]] = nil
      candidates[i] = nil
    end
    over = 1
  end
end
local records = {}
for i = 1, #candidates do records[i] = call('GET', ns .. 'r' .. candidates[i]) end

if state ~= 'same' then
  call('SET', ns .. 'r' .. number, record)
  for i = 1, count do
    local token = sub(record, 3 + 8 * i, 10 + 8 * i)
    local list = lists[i]
    if own ~= other then list = read(own, token) end
    if not list then
      call('HSET', ns .. own .. sub(token, 1, 3), sub(token, 4), number)
    elseif list ~= HUB then
      if #list / 4 >= hub then
        write(own, token, HUB, list)
      elseif #list > INLINE then
        call('APPEND', ns .. own .. '+' .. token, number)
      else
        write(own, token, list .. number, list)
      end
    end
  end
end
return { state, number, hubs, over, table.concat(candidates), records }
