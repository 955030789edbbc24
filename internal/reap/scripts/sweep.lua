-- sweep removes a record under a policy that renews if it is idle.
-- ARGV: the policy's TTL; the idle time from which on it is removed.
-- Returns 1 if it was removed, 0 if not.
local policy, maxIdle = tonumber(ARGV[1]), tonumber(ARGV[2])

local function remove(ttl, deadline)
  return idle(ttl, deadline) >= maxIdle and redis.call('UNLINK', KEYS[1]) or 0
end

return record {
  string = function()
    return remove(policy, 0)
  end,
  list = function(_, own, deadline)
    return remove(whole(own, policy), deadline)
  end,
  absent = 0,
}
