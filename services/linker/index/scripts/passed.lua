-- How far each partition is in the index. ARGV: writer, partition, offset of its next message.
call('HSET', ns .. 'k', ARGV[2], ARGV[3])
