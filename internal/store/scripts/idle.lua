-- idle tells how long ago the last access to a record was: it gave the record its whole TTL, unless
-- its deadline was nearer. Then, and for a key without a TTL, the time of that access is not known:
-- -1. The second result is the PTTL; a second call may find another one.
local function idle(ttl, deadline)
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 or deadline > 0 and now() + left >= deadline - 1 then
    return -1, left
  end
  return math.max(ttl - left, 0), left
end

