-- copy reads a record of any kind for a copy in the memory of a process.
-- ARGV: the policy's TTL; the tolerance of it; 1 to renew the record if the tolerance has passed.
-- Returns {value, PTTL, fresh, own}, or nil for a miss. fresh is the time until the record is due
-- for a renewal. own is its own TTL, or -1 for a string.
local policy, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])

local function found(value, own, deadline)
  local ttl, left = math.max(own, 0), 0
  if ARGV[3] == '1' then
    left = renewDue(ttl, deadline, policy, tolerance)
  elseif tolerance > 0 then
    left = freshPart(ttl, deadline, policy, tolerance) or 0
  end
  return left and {value, redis.call('PTTL', KEYS[1]), left, own}
end

return record {
  string = function()
    return found(redis.call('GET', KEYS[1]), -1, 0)
  end,
  list = found,
  absent = false,
}
