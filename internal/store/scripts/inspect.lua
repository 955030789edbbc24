-- inspect tells what Redis knows of a record and changes nothing.
-- ARGV: the policy's TTL.
-- Returns {PTTL, bytes of the value, own TTL, deadline, idle time under a policy that renews, or
-- -1}, or nil for a miss.
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
