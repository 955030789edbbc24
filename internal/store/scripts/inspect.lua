-- inspect returns what Redis knows of a record. It changes nothing.
-- ARGV: the policy's TTL.
-- Returns {PTTL, size of the value in bytes, own TTL, deadline, idle time}, or nil for a miss. The
-- idle time is -1 if it is not known, and has a meaning only under a policy that renews.
local policy = tonumber(ARGV[1])
return record {
  string = function()
    local since, left = idle(policy, 0)
    return {left, redis.call('STRLEN', KEYS[1]), 0, 0, since}
  end,
  list = function(value, own, deadline)
    local since, left = idle(whole(own, policy), deadline)
    return {left, #value, own, deadline, since}
  end,
  absent = false,
}
