-- update replaces the value of a record that exists and keeps its terms.
-- ARGV: value; the policy's TTL to renew the record, 0 to leave its expiry alone.
-- Returns 1, or 0 if there is no record.
local value, policy = ARGV[1], tonumber(ARGV[2])
return record {
  string = function()
    replace(value, policy)
    return 1
  end,
  list = function(_, own, deadline)
    redis.call('LSET', KEYS[1], 0, value) -- first, so that Redis can refuse it for want of memory
    return renew(own, deadline, policy) and 1 or 0
  end,
  write = void,
}
