-- Writes the edges of records, then reads their components, each once. ARGV: writer, most records of a component, then for each record: its number, its
-- version and stamp, edges (28 bytes each: number, weight, version and stamp). An edge of a version that was replaced meanwhile is left out: the later version was compared for
-- itself. Returns a string for each component of more than two records; of two, the persons are written here: an edge makes them one.
local most = tonumber(ARGV[2])

local function is_current(one, version)
  local head = call('GETRANGE', ns .. 'r' .. one, 0, TOKENS - 1)
  return sub(head, 1, VERSION_BYTES) == version and byte(head, TOKENS) ~= CANCELLED
end

local function connect(number, version, edges)
  if not is_current(number, version) then return false end
  local connected = false
  local before = read('e', number)
  local list = before or ''
  for i = 1, #edges, 28 do
    local other, weight = sub(edges, i, i + 3), sub(edges, i + 4, i + 11)
    if is_current(other, sub(edges, i + 12, i + 27)) then
      connected = true
      list = with_edge(list, other, weight)
      local was = read('e', other)
      local theirs = with_edge(was or '', number, weight)
      if theirs ~= was then write('e', other, theirs, was) end
    end
  end
  if connected and list ~= before then write('e', number, list, before) end
  return connected
end

local connected, replies, done = {}, {}, {}
for i = 3, #ARGV, 3 do
  if connect(ARGV[i], ARGV[i + 1], ARGV[i + 2]) then connected[#connected + 1] = ARGV[i] end
end
for _, number in ipairs(connected) do
  if not done[number] then
    local members, lists = component(number, 0, most)
    if members then
      for i = 1, #members do done[members[i]] = true end
    end
    if members and #members == 2 then
      local first = members[1] < members[2] and members[1] or members[2]
      write_person(members[1], first)
      write_person(members[2], first)
    else
      replies[#replies + 1] = packed(number, members, lists)
    end
  end
end
return replies
