-- renew gives a record with terms of its own its whole TTL again, but not beyond its deadline;
-- policy 0 means that nothing is renewed. It returns false, and removes the record, if the deadline
-- has passed: nothing revives a dead record.
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

