-- renew gives a record with its own terms its whole TTL again, but not beyond its deadline. If
-- policy is 0, it does nothing. If the deadline has passed, it removes the record and returns
-- false, since an expired record must not come back.
local function renew(own, deadline, policy)
  if policy == 0 then
    return true
  end
  local ttl = whole(own, policy)
  if deadline > 0 then
    ttl = math.min(ttl, deadline - now())
  end
  if ttl < 1 then
    redis.call('UNLINK', KEYS[1])
    return false
  end
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl))
  return true
end

