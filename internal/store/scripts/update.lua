-- update replaces the value of an existing record and keeps its terms.
-- ARGV: the value; the policy's TTL to renew the record, or 0 to renew nothing.
-- Returns 1, or 0 if there is no record.
local value, policy = ARGV[1], tonumber(ARGV[2])
return record {
  string = function()
    replace(value, policy)
    return 1
  end,
  list = function(_, own, deadline)
    redis.call('LSET', KEYS[1], 0, value) -- first, so that Redis can refuse it when out of memory
    return renew(own, deadline, policy) and 1 or 0
  end,
  write = void,
}
