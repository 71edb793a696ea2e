-- Follows guard.lua: notes that the partition's origins up to ORIGIN have been linked, or have nothing to link, and removes
-- from the outbox what is known to be in ClickHouse.
--
-- ARGV: prefix, mode, lowest sequence, partition, earlier origin, origin, last origin of which the rows are in ClickHouse
redis.call('ZREMRANGEBYSCORE', P .. 'o:' .. PARTITION, '-inf', ARGV[7])
return 1
