-- What was told is done with, unless it changed meanwhile. ARGV: writer, then in pairs number and how often it had changed.
for i = 2, #ARGV, 2 do
  call('HDEL', ns .. 'b', ARGV[i])
  if call('HGET', ns .. 'o', ARGV[i]) == ARGV[i + 1] then call('HDEL', ns .. 'o', ARGV[i]) end
end
