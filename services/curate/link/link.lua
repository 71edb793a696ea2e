-- Links one source patient, atomically. The links depend only on the set of contributions: the order of arrival and replays do not
-- change them:
--   node          a patient at one producer (pseudonym, second level)
--   contribution  one record's tokens for its node; the highest (version, stamp) of a record counts, a cancel empties it, and
--                 a version that names another patient removes it from the previous patient
--   strong edge   two nodes share an INS or NIR token, or one by which their producer says that they are one person
--   weak edge     two nodes share a composite of traits, and the strong components of all that share it have at most one INS, one
--                 NIR and (for the composite without a place) one birth place: homonyms are not merged
--   person        a connected component, named after its smallest node
-- Limits (docs/adr/0012): a token of more producers than the hub limit (a default value, a test identity) links nothing. A token that more
-- patients of one producer have than the own limit links none of that producer's patients, and all others as if it had none. A patient with
-- more lists of tokens than the list limit is linked by none.
--
-- Keys: n:<node> has s (its producer), c:<digest> ("count|tokens": how many records contribute this list), and its link (p, m, v, by, at);
-- r:<record> says which contribution of the record counts; t:<token> has the nodes that it may link, t:<token>:<producer> those of a
-- producer that has too many.
--
-- Nothing is changed on an index that is not the expected one, or that lacks an earlier contribution: see guard.lua, which
-- linker.ts puts before this file and which reads ARGV 1 to 6.
--
-- ARGV: prefix, mode, lowest sequence, partition, earlier origin, origin,
--       node, producer, contribution, version, stamp, cancelled (0/1), linked_at, hub limit, own limit, list limit, closure limit, tokens...
-- Returns { limited, node, person, method, link_version, ... }: limited is 1 when a limit keeps the node from being linked by one of its tokens,
-- then come the nodes whose link this origin changed; or the error reply "NEIGHBOURHOOD", and then no link was changed. While an index is
-- rebuilt it returns no node: all links are read at the end.
local node, producer, record = ARGV[7], ARGV[8], ARGV[9]
local version, stamp = tonumber(ARGV[10]), tonumber(ARGV[11])
local cancelled, linkedAt = ARGV[12] == '1', ARGV[13]
local HUB, OWN, LISTS, LIMIT = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local FIRST_TOKEN = 18
-- Fields of a node that are no list: its producer, and its link once it has one.
local PRODUCER_FIELDS, LINK_FIELDS = 1, 5

local function nodeKey(n) return P .. 'n:' .. n end
local function tokenKey(t) return P .. 't:' .. t end
local function ownKey(t, s) return P .. 't:' .. t .. ':' .. s end
local function kindOf(t) return string.match(t, '^t2_([%a%-]+)_') end

local producers = {}
local function producerOf(n)
  if not producers[n] then producers[n] = redis.call('HGET', nodeKey(n), 's') end
  return producers[n]
end

-- More lists than the limit: they are not read.
local function isOverfull(n)
  local fields = redis.call('HLEN', nodeKey(n))
  if fields <= LISTS + PRODUCER_FIELDS then return false end
  local linked = redis.call('HEXISTS', nodeKey(n), 'p') == 1 and LINK_FIELDS or 0
  return fields - PRODUCER_FIELDS - linked > LISTS
end

-- Tokens of a node: the union over its contributions.
local function tokensOf(n)
  local found = {}
  if isOverfull(n) then return found end
  local flat = redis.call('HGETALL', nodeKey(n))
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, 2) == 'c:' then
      for t in string.gmatch(string.match(flat[i + 1], '^[^|]*|(.*)$'), '%S+') do found[t] = true end
    end
  end
  return found
end

-- The nodes that a token may link, by producer.
local function countsOf(t)
  local counts, different = {}, 0
  local members = redis.call('SMEMBERS', tokenKey(t))
  for _, m in ipairs(members) do
    local s = producerOf(m)
    if not counts[s] then different = different + 1 end
    counts[s] = (counts[s] or 0) + 1
  end
  return counts, different, members
end

local function isHub(t)
  local nodes = redis.call('SCARD', tokenKey(t))
  if nodes <= HUB then return false end
  if nodes > HUB * OWN then return true end
  local _, different = countsOf(t)
  return different > HUB
end

local seeds = { [node] = true }
local function seedAll(t)
  for _, m in ipairs(redis.call('SMEMBERS', tokenKey(t))) do seeds[m] = true end
end

local function addToken(t, n)
  local key, s = tokenKey(t), producerOf(n)
  local own = ownKey(t, s)
  if redis.call('EXISTS', own) == 1 then return redis.call('SADD', own, n) end
  local wasHub = isHub(t)
  redis.call('SADD', key, n)
  if redis.call('SCARD', key) > OWN then
    local counts, _, members = countsOf(t)
    if counts[s] > OWN then
      -- From now on the token links none of this producer's: the links that it made are decided again.
      for _, m in ipairs(members) do
        seeds[m] = true
        if producerOf(m) == s then redis.call('SMOVE', key, own, m) end
      end
      return
    end
  end
  -- The token is a hub from now on: the links that it made are decided again.
  if not wasHub and isHub(t) then seedAll(t) end
end

local function removeToken(t, n)
  local key, own = tokenKey(t), ownKey(t, producerOf(n))
  if redis.call('SREM', own, n) == 1 then
    if redis.call('SCARD', own) > OWN then return end
    for _, m in ipairs(redis.call('SMEMBERS', own)) do redis.call('SMOVE', own, key, m) end
    -- Also of a token that is a hub now, by this producer's.
    return seedAll(t)
  end
  redis.call('SREM', key, n)
  -- Patients that shared the removed token may be separated, or linked, because the token is no longer a hub.
  if not isHub(t) then seedAll(t) end
end

-- One record fewer, and one more, that contributes a list of tokens to a node; adds to `seeds` the nodes whose links may change.
local function put(n, fewer, more, list)
  if fewer == more then return end
  local before = tokensOf(n)
  for digest, change in pairs({ [fewer] = -1, [more] = 1 }) do
    if digest ~= '' then
      local field = 'c:' .. digest
      local known = redis.call('HGET', nodeKey(n), field)
      local count, tokens = string.match(known or '0|' .. list, '^([^|]*)|(.*)$')
      count = tonumber(count) + change
      if count > 0 then redis.call('HSET', nodeKey(n), field, count .. '|' .. tokens)
      else redis.call('HDEL', nodeKey(n), field) end
    end
  end
  local after = tokensOf(n)
  for t in pairs(before) do
    if not after[t] and kindOf(t) ~= 'place' then removeToken(t, n) end
  end
  for t in pairs(after) do
    if not before[t] and kindOf(t) ~= 'place' then addToken(t, n) end
  end
end

-- Which version of the record counts, for whom, and its tokens: `version|stamp|node|digest`.
local recordKey = P .. 'r:' .. record
local owner = redis.call('GET', recordKey)
local oldVersion, oldStamp, oldNode, oldDigest = -1, -1, nil, ''
if owner then
  local v, o, n, d = string.match(owner, '^([^|]*)|([^|]*)|([^|]*)|(.*)$')
  oldVersion, oldStamp, oldNode, oldDigest = tonumber(v), tonumber(o), n, d
end
local newer = not owner or version > oldVersion
if version == oldVersion then
  -- Two gateways may give equal stamps: the node decides then, in any order of arrival.
  newer = stamp > oldStamp or (stamp == oldStamp and node > oldNode)
end
redis.call('HSETNX', nodeKey(node), 's', producer)
if newer then
  if oldNode and oldNode ~= node then
    seeds[oldNode] = true
    put(oldNode, oldDigest, '', '')
    oldDigest = ''
  end
  local list = ''
  if not cancelled then list = table.concat(ARGV, ' ', FIRST_TOKEN) end
  -- 64 bits: the lists of one node differ.
  local digest = list == '' and '' or string.sub(redis.sha1hex(list), 1, 16)
  put(node, oldDigest, digest, list)
  redis.call('SET', recordKey, ARGV[10] .. '|' .. ARGV[11] .. '|' .. node .. '|' .. digest)
end

-- The neighbourhood: all nodes that are reached over tokens that may link them.
local nodes, queue, tokens, entered, tokenOrder = {}, {}, {}, {}, {}
local limited = isOverfull(node) and 1 or 0
for s in pairs(seeds) do
  nodes[s] = tokensOf(s)
  queue[#queue + 1] = s
end
local at = 1
while at <= #queue do
  local n = queue[at]
  for t in pairs(nodes[n]) do
    if kindOf(t) ~= 'place' then
      if not tokens[t] then
        tokens[t] = isHub(t) and {} or redis.call('SMEMBERS', tokenKey(t))
      end
      if not entered[t] then
        local isMember = false
        for _, m in ipairs(tokens[t]) do isMember = isMember or m == n end
        if isMember then
          entered[t] = true
          tokenOrder[#tokenOrder + 1] = t
          for _, m in ipairs(tokens[t]) do
            if not nodes[m] then
              nodes[m] = tokensOf(m)
              queue[#queue + 1] = m
              if #queue > LIMIT then return redis.error_reply('NEIGHBOURHOOD') end
            end
          end
        elseif n == node then limited = 1 end
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

local RANK = { ['ins'] = 1, ['nir'] = 2, ['same-patient'] = 3, ['traits-place'] = 4, ['traits'] = 5 }
local NAME = { 'ins', 'nir', 'same-patient', 'traits-place', 'traits' }
local STRONG = 3
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
  if (RANK[kindOf(t)] or 9) <= STRONG then link(t) end
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
local out = { limited }
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
