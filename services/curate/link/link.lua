-- Links one source patient, atomically. The links depend only on the set of contributions: the order of arrival and replays do not
-- change them:
--   node          a patient at one producer (pseudonym, second level)
--   contribution  one record's tokens for its node; the highest (version, stamp) of a record counts, a cancel empties it, and
--                 a version that names another patient removes it from the previous patient
--   strong edge   two nodes share an INS or NIR token
--   weak edge     two nodes share a composite of traits, and the strong components of all that share it have at most one INS, one
--                 NIR and (for the composite without a place) one birth place: homonyms are not merged
--   person        a connected component, named after its smallest node
-- A token shared by more nodes than the hub limit (a default value, a test identity) links nothing.
--
-- Nothing is changed on an index that is not the expected one, or that lacks an earlier contribution: see guard.lua, which
-- linker.ts puts before this file and which reads ARGV 1 to 6.
--
-- ARGV: prefix, mode, lowest sequence, partition, earlier origin, origin,
--       node, contribution, version, stamp, cancelled (0/1), linked_at, hub limit, closure limit, tokens...
-- Returns { node, person, method, link_version, ... } of every node whose link this origin changed, or the error reply
-- "NEIGHBOURHOOD", and then no link was changed. While an index is rebuilt it returns nothing: all links are read at the end.
local node, contribution = ARGV[7], 'c:' .. ARGV[8]
local version, stamp = tonumber(ARGV[9]), tonumber(ARGV[10])
local cancelled, linkedAt = ARGV[11] == '1', ARGV[12]
local HUB, LIMIT = tonumber(ARGV[13]), tonumber(ARGV[14])

local function nodeKey(n) return P .. 'n:' .. n end
local function tokenKey(t) return P .. 't:' .. t end
local function kindOf(t) return string.match(t, '^t2_([%a%-]+)_') end

-- Tokens of a node: the union over its contributions.
local function tokensOf(n)
  local found = {}
  local flat = redis.call('HGETALL', nodeKey(n))
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, 2) == 'c:' then
      local list = string.match(flat[i + 1], '^[^|]*|[^|]*|(.*)$')
      for t in string.gmatch(list or '', '%S+') do found[t] = true end
    end
  end
  return found
end

local seeds = { [node] = true }
-- Adds the record's contribution to a node, or removes it (nil), and adds to `seeds` the nodes whose links may change.
local function put(n, value)
  local before = tokensOf(n)
  if value then redis.call('HSET', nodeKey(n), contribution, value)
  else redis.call('HDEL', nodeKey(n), contribution) end
  local after = tokensOf(n)
  for t in pairs(before) do
    if not after[t] and kindOf(t) ~= 'place' then
      redis.call('SREM', tokenKey(t), n)
      -- Patients that shared the removed token may be separated, or linked, because the token is no longer a hub.
      if redis.call('SCARD', tokenKey(t)) <= HUB then
        for _, m in ipairs(redis.call('SMEMBERS', tokenKey(t))) do seeds[m] = true end
      end
    end
  end
  for t in pairs(after) do
    if not before[t] and kindOf(t) ~= 'place' then
      redis.call('SADD', tokenKey(t), n)
      -- The token is a hub from now on: the links that it made are decided again.
      if redis.call('SCARD', tokenKey(t)) == HUB + 1 then
        for _, m in ipairs(redis.call('SMEMBERS', tokenKey(t))) do seeds[m] = true end
      end
    end
  end
end

-- Which version of the record counts, and for whom: `version|stamp|node`.
local ownerKey = P .. 'r:' .. ARGV[8]
local owner = redis.call('GET', ownerKey)
local oldVersion, oldStamp, oldNode = -1, -1, nil
if owner then
  local v, o, n = string.match(owner, '^([^|]*)|([^|]*)|(.*)$')
  oldVersion, oldStamp, oldNode = tonumber(v), tonumber(o), n
end
local newer = not owner or version > oldVersion
if version == oldVersion then
  -- Two gateways may give equal stamps: the node decides then, in any order of arrival.
  newer = stamp > oldStamp or (stamp == oldStamp and node > oldNode)
end
if newer then
  if oldNode and oldNode ~= node then
    seeds[oldNode] = true
    put(oldNode, nil)
  end
  local list = {}
  if not cancelled then for i = 15, #ARGV do list[#list + 1] = ARGV[i] end end
  put(node, ARGV[9] .. '|' .. ARGV[10] .. '|' .. table.concat(list, ' '))
  redis.call('SET', ownerKey, ARGV[9] .. '|' .. ARGV[10] .. '|' .. node)
end

-- The neighbourhood: all nodes that are reached over tokens that are not hubs.
local nodes, queue, tokens, tokenOrder = {}, {}, {}, {}
for s in pairs(seeds) do
  nodes[s] = tokensOf(s)
  queue[#queue + 1] = s
end
local at = 1
while at <= #queue do
  for t in pairs(nodes[queue[at]]) do
    if not tokens[t] and kindOf(t) ~= 'place' then
      tokens[t] = {}
      tokenOrder[#tokenOrder + 1] = t
      if redis.call('SCARD', tokenKey(t)) <= HUB then
        tokens[t] = redis.call('SMEMBERS', tokenKey(t))
        for _, m in ipairs(tokens[t]) do
          if not nodes[m] then
            nodes[m] = tokensOf(m)
            queue[#queue + 1] = m
            if #queue > LIMIT then return redis.error_reply('NEIGHBOURHOOD') end
          end
        end
      end
    end
  end
  at = at + 1
end

-- Union-find; the root is the smallest node, in any order of the unions.
local parent = {}
for n in pairs(nodes) do parent[n] = n end
local function find(n)
  while parent[n] ~= n do n = parent[n] end
  return n
end
local function unite(members)
  local root = nil
  for _, m in ipairs(members) do
    local r = find(m)
    if not root then root = r
    elseif r < root then parent[root] = r; root = r
    elseif root < r then parent[r] = root end
  end
end

local RANK = { ['ins'] = 1, ['nir'] = 2, ['traits-place'] = 3, ['traits'] = 4 }
local NAME = { 'ins', 'nir', 'traits-place', 'traits' }
local best = {}
local function link(t)
  if #tokens[t] < 2 then return end
  unite(tokens[t])
  local rank = RANK[kindOf(t)]
  for _, m in ipairs(tokens[t]) do
    if not best[m] or rank < best[m] then best[m] = rank end
  end
end

for _, t in ipairs(tokenOrder) do
  if (RANK[kindOf(t)] or 9) <= 2 then link(t) end
end
-- What distinguishes people, collected for each strong component before any weak edge is added.
local marks = {}
for n, list in pairs(nodes) do
  local root = find(n)
  marks[root] = marks[root] or { ins = {}, nir = {}, place = {} }
  for t in pairs(list) do
    local kind = kindOf(t)
    if marks[root][kind] then marks[root][kind][t] = true end
  end
end
local weak = {}
for _, t in ipairs(tokenOrder) do
  local kind = kindOf(t)
  if (kind == 'traits-place' or kind == 'traits') and #tokens[t] > 1 then
    local seen = { ins = {}, nir = {}, place = {} }
    local counts = { ins = 0, nir = 0, place = 0 }
    for _, m in ipairs(tokens[t]) do
      for k, set in pairs(marks[find(m)]) do
        for value in pairs(set) do
          if not seen[k][value] then
            seen[k][value] = true
            counts[k] = counts[k] + 1
          end
        end
      end
    end
    if counts.ins <= 1 and counts.nir <= 1 and (kind == 'traits-place' or counts.place <= 1) then weak[#weak + 1] = t end
  end
end
for _, t in ipairs(weak) do link(t) end

-- Write what changed; the rows of an earlier attempt for the same origin are returned again. The outbox of a partition has no end of
-- life: mark.lua removes the origins of which the rows are known to be in ClickHouse.
local by = PARTITION .. ':' .. ORIGIN
local outbox = P .. 'o:' .. PARTITION
for n in pairs(nodes) do
  local person = 'pn_' .. string.sub(find(n), 4)
  local method = best[n] and NAME[best[n]] or 'establishment-ipp'
  local now = redis.call('HMGET', nodeKey(n), 'p', 'm')
  if now[1] ~= person or now[2] ~= method then
    local sequence = redis.call('HINCRBY', STATE, 'seq', 1)
    redis.call('HSET', nodeKey(n), 'p', person, 'm', method, 'v', sequence, 'by', by, 'at', linkedAt)
    if MODE == 'live' then redis.call('ZADD', outbox, ORIGIN, ORIGIN .. ' ' .. n) end
  end
end
local out = {}
if MODE ~= 'live' then return out end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', outbox, ORIGIN, ORIGIN)) do
  local n = string.match(member, ' (.*)$')
  local row = redis.call('HMGET', nodeKey(n), 'p', 'm', 'v', 'by', 'at')
  -- A link that another origin has changed since is inserted with the batch of that origin.
  if row[4] == by then
    out[#out + 1] = n
    out[#out + 1] = row[1]
    out[#out + 1] = row[2]
    out[#out + 1] = row[3]
    out[#out + 1] = row[5]
  end
end
return out
