-- idle tells how long ago a record under a policy that renews was accessed, and
-- changes nothing. It does not read the value.
-- ARGV: the policy's TTL.
-- Returns milliseconds, -1 if that cannot be told, nil if there is no record.
local kind = redis.call('TYPE', key).ok
local own, deadline = 0, 0
if kind == 'list' then
  local r = redis.call('LRANGE', key, 1, 3)
  own, deadline = terms(r[1], r[2])
  if #r ~= 2 or not own then
    return false
  end
elseif kind ~= 'string' then
  return false
end
return (idle(own > 0 and own or tonumber(ARGV[1]), deadline))
