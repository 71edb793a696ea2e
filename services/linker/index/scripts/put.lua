-- Writes records and reads their candidates, one after the other. ARGV: writer, budget, hub, then for each record: id, record, source of its candidates.
-- Returns one string: for each record its state, number, tokens skipped (u8), 1 when the budget ended first (u8), number of candidates (u16 BE), their numbers. The
-- state is n new, s same (this version is there: nothing is written, and the candidates are read again), r replaced, or x stale (a later version is
-- there, or it is cancelled: there are no candidates).
local budget, hub = tonumber(ARGV[2]), tonumber(ARGV[3])

-- A token is of too many from now on: pairs that share nothing else were compared or not by the order of arrival.
local function becomes_hub(list, number)
  for i = 1, #list, 4 do limited(sub(list, i, i + 3)) end
  limited(number)
end

local function put(id, record, source)
  local own, other = ns .. 't' .. byte(record, SOURCE), ns .. 't' .. source
  local state = 'n'
  local bucket, field = ns .. 'i' .. sub(id, 1, 3), sub(id, 4)
  local number = call('HGET', bucket, field)
  if number then
    local known = call('GET', ns .. 'r' .. number)
    local order = compare(record, known)
    local cancelled = byte(known, TOKENS) == CANCELLED
    if order < 0 or (order == 0 and cancelled) then return 'x' .. number .. '\0\0\0\0' end
    state = order == 0 and 's' or 'r'
    if state == 'r' then
      if not cancelled then forget_tokens(known, number) end
      disconnect(number)
      mark(number)
      changed(number, cancelled and NEW)
    end
  else
    number = struct.pack('>I4', call('INCR', ns .. 'n') - 1)
    call('HSET', bucket, field, number)
    changed(number, NEW)
  end

  local count = byte(record, TOKENS)
  local buckets, fields, lists, found, sizes, hubs = {}, {}, {}, {}, {}, 0
  for i = 1, count do
    local at = 11 + 8 * i
    local bits = sub(record, at, at + 2)
    fields[i] = sub(record, at + 3, at + 7)
    buckets[i] = own .. bits
    local list = call('HGET', other .. bits, fields[i])
    if list == MOVED then list = call('GET', other .. '+' .. bits .. fields[i]) end
    lists[i] = list
    if list == HUB then
      hubs = hubs + 1
    elseif list then
      local size = #list / 4
      if state == 's' and own == other then size = size - 1 end
      -- Equally rare tokens stay in the order of their kinds.
      local place = #found + 1
      while place > 1 and sizes[place - 1] > size do
        found[place], sizes[place] = found[place - 1], sizes[place - 1]
        place = place - 1
      end
      found[place], sizes[place] = list, size
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

  if state ~= 's' then
    if over == 1 then limited(number) end
    call('SET', ns .. 'r' .. number, record)
    for i = 1, count do
      local token, list = fields[i], lists[i]
      if own ~= other then
        list = call('HGET', buckets[i], token)
        if list == MOVED then list = call('GET', own .. '+' .. sub(buckets[i], -3) .. token) end
      end
      if not list then
        call('HSET', buckets[i], token, number)
      elseif list ~= HUB then
        if #list / 4 >= hub then becomes_hub(list, number) end
        if #list < INLINE then
          call('HSET', buckets[i], token, #list / 4 >= hub and HUB or list .. number)
        else
          local kind, at = 't' .. byte(record, SOURCE), sub(buckets[i], -3) .. token
          if #list / 4 >= hub then
            write(kind, at, HUB, list)
          elseif #list > INLINE then
            call('APPEND', own .. '+' .. at, number)
          else
            write(kind, at, list .. number, list)
          end
        end
      end
    end
  end
  return state .. number .. struct.pack('>BBI2', hubs, over, #candidates) .. table.concat(candidates)
end

local replies = {}
for i = 4, #ARGV, 3 do replies[#replies + 1] = put(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
return table.concat(replies)
