-- The first part of every script that changes the index: it refuses before anything is changed, unless this is the index that the
-- caller expects, with everything that the caller knows to be in it.
--   mode      live, or building while the index is rebuilt; an index that was emptied or replaced has no such mode
--   sequence  the highest link version; lower than the caller knows: Redis has an older copy of the index
--   position  the last origin of the partition that the index has; lower than the caller's: contributions are missing
local P, MODE, FLOOR = ARGV[1], ARGV[2], tonumber(ARGV[3])
local PARTITION, EARLIER, ORIGIN = ARGV[4], tonumber(ARGV[5]), ARGV[6]
local STATE = P .. 'state'
local known = redis.call('HMGET', STATE, 'mode', 'seq', 'p:' .. PARTITION)
if known[1] ~= MODE then return redis.error_reply('REFUSED mode') end
if tonumber(known[2]) < FLOOR then return redis.error_reply('REFUSED sequence') end
local position = tonumber(known[3] or '-1')
if position < EARLIER then return redis.error_reply('REFUSED position') end
if tonumber(ORIGIN) > position then redis.call('HSET', STATE, 'p:' .. PARTITION, ORIGIN) end
