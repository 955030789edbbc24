-- look returns what a key holds. It changes nothing.
-- ARGV: the policy's TTL.
-- Returns {kind, PTTL, size of the value in bytes, own TTL, deadline, idle time}, or nil if the key
-- holds nothing. kind is string, list, lease or marker. The idle time is -1 if it is not known, and
-- has a meaning only under a policy that renews.
local policy = tonumber(ARGV[1])
return record {
  string = function()
    local since, left = idle(policy, 0)
    return {'string', left, redis.call('STRLEN', KEYS[1]), 0, 0, since}
  end,
  list = function(value, own, deadline)
    local since, left = idle(whole(own, policy), deadline)
    return {'list', left, #value, own, deadline, since}
  end,
  write = function()
    if redis.call('EXISTS', KEYS[1]) == 0 then
      return false
    end
    local kind = redis.call('HEXISTS', KEYS[1], 'n') == 1 and 'marker' or 'lease'
    return {kind, redis.call('PTTL', KEYS[1]), 0, 0, 0, -1}
  end,
}
