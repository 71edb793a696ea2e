-- Writes what one batch has changed, all or nothing. KEYS[1] is the key of the index's writer; all other keys have the same prefix, and are named in docs/adr/0031.
-- ARGV: writer, how many writes were before, how many there are with this one, then for each command: how many words, the words.
-- One that was sent again because its answer was lost changes nothing. Where there were fewer before, Redis has lost some.
local call = redis.call
if call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('LOST writer') end
local writes = string.sub(KEYS[1], 1, -2) .. 'v'
local done = call('GET', writes) or '0'
if tonumber(done) >= tonumber(ARGV[3]) then return 'again' end
if done ~= ARGV[2] then return redis.error_reply('LOST writes') end
local at = 4
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  call(unpack(ARGV, at + 1, last))
  at = last + 1
end
call('SET', writes, ARGV[3])
return 'written'
