-- Cancels a record: of its encoding nothing stays. ARGV: writer, id, a record without tokens and encoding. Returns cancelled, same or stale.
-- An id that was never there is cancelled too: a version that arrives later is stale.
local id, record = ARGV[2], ARGV[3]
local number = call('HGET', ns .. 'i' .. sub(id, 1, 3), sub(id, 4))
if number then
  local known = call('GET', ns .. 'r' .. number)
  local order = compare(record, known)
  if order < 0 then return 'stale' end
  if byte(known, TOKENS) == CANCELLED then
    if order == 0 then return 'same' end
  else
    forget_tokens(known, number)
    disconnect(number)
    local was = read_person(number)
    changed(was)
    call('HDEL', ns .. 'p' .. sub(number, 1, 3), sub(number, 4))
    call('HDEL', ns .. 'd', number)
    leaves(number, was)
  end
else
  number = struct.pack('>I4', call('INCR', ns .. 'n') - 1)
  call('HSET', ns .. 'i' .. sub(id, 1, 3), sub(id, 4), number)
end
call('SET', ns .. 'r' .. number, record)
return 'cancelled'
