-- Takes the lease of an index, keeps it, or gives it up. KEYS[1]: the lease; ARGV: holder, milliseconds (0: gives it up), a holder that has ended or ''.
-- Returns the holder then, '' where there is none.
local holder = redis.call('GET', KEYS[1]) or ''
if holder ~= '' and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
if ARGV[2] == '0' then
  redis.call('UNLINK', KEYS[1])
  return ''
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
