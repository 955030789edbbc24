-- idle returns how long ago the last access to a record was, and its PTTL. The last access gave the
-- record its whole TTL, so the PTTL shows when that was. It does not if the deadline was nearer
-- than the TTL, or if the key has no TTL: then idle returns -1. Callers use the PTTL that idle
-- returns, since a second call may find another one.
local function idle(ttl, deadline)
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 or deadline > 0 and now() + left >= deadline - 1 then
    return -1, left
  end
  return math.max(ttl - left, 0), left
end

