-- Writes the edges of a record, and reads its component. ARGV: writer, number, its version, most records of a component, edges (twenty bytes each: number,
-- weight, version). An edge of a version that was replaced meanwhile is left out: the later version was compared for itself. Returns as component, or
-- nothing when no edge was left.
local number = ARGV[2]
local function is_current(one, version)
  return call('GETRANGE', ns .. 'r' .. one, 0, 7) == version and call('GETRANGE', ns .. 'r' .. one, 9, 9) ~= string.char(CANCELLED)
end
if not is_current(number, ARGV[3]) then return {} end
local edges, connected = ARGV[5], false
local before = read('e', number)
local list = before or ''
for i = 1, #edges, 20 do
  local other, weight = sub(edges, i, i + 3), sub(edges, i + 4, i + 11)
  if is_current(other, sub(edges, i + 12, i + 19)) then
    connected = true
    list = with_edge(list, other, weight)
    local was = read('e', other)
    local theirs = with_edge(was or '', number, weight)
    if theirs ~= was then write('e', other, theirs, was) end
  end
end
if not connected then return {} end
if list ~= before then write('e', number, list, before) end
return component(number, 0, tonumber(ARGV[4]))
