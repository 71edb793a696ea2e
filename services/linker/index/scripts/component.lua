-- Reads a component. ARGV: writer, number, weight above which edges count, most records.
return component(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
