-- idle tells how long ago a record under a policy that renews was accessed, and changes nothing. It
-- does not read the value.
-- ARGV: the policy's TTL.
-- Returns milliseconds, -1 if that cannot be told, nil if there is no record.
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
