-- Reads components. ARGV: writer, weight above which edges count, most records, then a number for each. Returns a string for each.
local replies = {}
for i = 4, #ARGV do replies[i - 3] = packed(ARGV[i], component(ARGV[i], tonumber(ARGV[2]), tonumber(ARGV[3]))) end
return replies
