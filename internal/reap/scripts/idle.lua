-- idle returns how long ago a record was accessed, under a policy that renews. It changes nothing
-- and does not read the value.
-- ARGV: the policy's TTL.
-- Returns milliseconds, -1 if that is not known, nil if there is no record.
local kind = redis.call('TYPE', KEYS[1]).ok
local own, deadline = 0, 0
if kind == 'list' then
  local r = redis.call('LRANGE', KEYS[1], 1, 2)
  own, deadline = terms(r[1], r[2])
  if not own then
    return false
  end
elseif kind ~= 'string' then
  return false
end
return (idle(whole(own, tonumber(ARGV[1])), deadline))
