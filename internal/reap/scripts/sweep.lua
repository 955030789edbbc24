-- sweep removes a record if it is idle, under a policy that renews.
-- ARGV: the policy's TTL; the least idle time for removal.
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
