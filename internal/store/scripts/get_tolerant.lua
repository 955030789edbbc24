-- get_tolerant reads a record of any kind, and renews it if the tolerance of its TTL has passed.
-- ARGV: the policy's TTL; the tolerance of it.
-- Returns {value, time until it is due for a renewal, own TTL or -1 for a string}, or nil for a
-- miss.
local policy, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
return record {
  string = function()
    local left = fresh(policy, 0, tolerance)
    if left then
      return {redis.call('GET', KEYS[1]), left, -1}
    end
    return {redis.call('GETEX', KEYS[1], 'PX', ARGV[1]), tolerance, -1}
  end,
  list = function(value, own, deadline)
    local left = renewDue(own, deadline, policy, tolerance)
    return left and {value, left, own}
  end,
  absent = false,
}
