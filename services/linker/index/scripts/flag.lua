-- Marks records, or takes the mark away. ARGV: writer, key of the marks (q or s), 1 or 0, then numbers.
for i = 4, #ARGV do call('SETBIT', ns .. ARGV[2], (struct.unpack('>I4', ARGV[i])), tonumber(ARGV[3])) end
