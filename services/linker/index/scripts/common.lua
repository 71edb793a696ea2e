-- The beginning of each script of the linkage index. KEYS[1] is the key of its writer; all other keys have the same prefix, and are named in docs/adr/0031.
-- A number is four bytes, a token eight, an edge twelve (number, weight f64 LE). A list is such entries, one after the other: in a bucket while it has at most
-- INLINE bytes, in a key of its own above (a longer value would cost the whole bucket its compact form).
-- A record begins with its version and its stamp (f64 LE each), its source and how many tokens it has, or CANCELLED.
local call, sub, byte = redis.call, string.sub, string.byte
local INLINE, HUB, MOVED, CANCELLED = 64, 'h', 'm', 255
local SOURCE, TOKENS, VERSION_BYTES = 17, 18, 16
local ns = sub(KEYS[1], 1, -2)
if call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('LOST writer') end

local function read(kind, at)
  local list = call('HGET', ns .. kind .. sub(at, 1, 3), sub(at, 4))
  if list == MOVED then return call('GET', ns .. kind .. '+' .. at) end
  return list
end

-- was: the list before, HUB or false
local function write(kind, at, list, was)
  local bucket, field = ns .. kind .. sub(at, 1, 3), sub(at, 4)
  local moved = was and #was > INLINE
  if #list > INLINE then
    call('SET', ns .. kind .. '+' .. at, list)
    if not moved then call('HSET', bucket, field, MOVED) end
    return
  end
  if moved then call('DEL', ns .. kind .. '+' .. at) end
  if #list == 0 then call('HDEL', bucket, field) else call('HSET', bucket, field, list) end
end

-- Between equal versions the stamp decides: -1 when a is earlier than b, 0 when they are the same, 1 when it is later.
local function compare(a, b)
  for at = 1, 9, 8 do
    local one, other = struct.unpack('<d', a, at), struct.unpack('<d', b, at)
    if one ~= other then return one < other and -1 or 1 end
  end
  return 0
end

-- What must be told of, where the index has an outbox: records whose person is another one, each with how often it changed. From NEW on it is of no person
-- for those who are told: it is new, or came back after its cancellation.
local NEW = 2 ^ 40
local function changed(number, by)
  return OUTBOX and call('HINCRBY', ns .. 'o', number, string.format('%.0f', by or 1)) or NEW
end

-- was: the person that the record leaves. The first one since it was told is kept.
local function leaves(number, was)
  if changed(number) < NEW then call('HSETNX', ns .. 'b', number, was) end
end

local function without(list, number, size)
  for i = 1, #list, size do
    if sub(list, i, i + 3) == number then return sub(list, 1, i - 1) .. sub(list, i + size) end
  end
  return list
end

local function with_edge(list, number, weight)
  for i = 1, #list, 12 do
    if sub(list, i, i + 3) == number then return sub(list, 1, i + 3) .. weight .. sub(list, i + 12) end
  end
  return list .. number .. weight
end

-- Records whose persons the linker makes again, each with how often it became one: who has made them knows by that whether it became one again meanwhile.
local function mark(number) call('HINCRBY', ns .. 'd', number, 1) end

-- Records that met a limit, a bit each: their edges may depend on the order of arrival until they are reconciled.
local function limited(number) call('SETBIT', ns .. 'q', (struct.unpack('>I4', number)), 1) end

local function disconnect(number)
  local edges = read('e', number)
  if not edges then return end
  for i = 1, #edges, 12 do
    local other = sub(edges, i, i + 3)
    local list = read('e', other)
    if list then write('e', other, without(list, number, 12), list) end
    mark(other)
  end
  write('e', number, '', edges)
end

-- stored: a record, with or without its sealed part
local function forget_tokens(stored, number)
  local kind = 't' .. byte(stored, SOURCE)
  for i = 1, byte(stored, TOKENS) do
    local token = sub(stored, 11 + 8 * i, 18 + 8 * i)
    local list = read(kind, token)
    if list and list ~= HUB then write(kind, token, without(list, number, 4), list) end
  end
end

-- person: the number of its first record. A record alone has no entry.
local function read_person(number)
  return call('HGET', ns .. 'p' .. sub(number, 1, 3), sub(number, 4)) or number
end

local function write_person(number, person)
  local bucket, field = ns .. 'p' .. sub(number, 1, 3), sub(number, 4)
  if OUTBOX then
    local was = read_person(number)
    if was ~= person then
      leaves(number, was)
      -- Of these the strongest edge is another one now.
      changed(was)
      changed(person)
    end
  end
  if number == person then call('HDEL', bucket, field) else call('HSET', bucket, field, person) end
end

-- The records that edges above a weight connect with one, and the edges of each; nothing when they are too many.
local function component(number, above, most)
  local members, seen, edges, at = { number }, { [number] = true }, {}, 1
  while members[at] do
    local list = read('e', members[at]) or ''
    edges[at] = list
    for i = 1, #list, 12 do
      local other = sub(list, i, i + 3)
      if not seen[other] and (above <= 0 or struct.unpack('<d', sub(list, i + 4, i + 11)) > above) then
        if #members == most then return nil end
        seen[other] = true
        members[#members + 1] = other
      end
    end
    at = at + 1
  end
  return members, edges
end

-- How many members (u16 BE, 0: too many), their numbers (of too many: the one that was asked for), then for each the bytes of its edges (u32 BE) and the edges.
local function packed(number, members, edges)
  if not members then return '\0\0' .. number end
  local parts = { struct.pack('>I2', #members), table.concat(members) }
  for i = 1, #edges do
    parts[#parts + 1] = struct.pack('>I4', #edges[i])
    parts[#parts + 1] = edges[i]
  end
  return table.concat(parts)
end
