-- get reads a record of any kind.
-- ARGV: the policy's TTL to renew the record, or 0 to renew nothing.
-- Returns the value for a string, {value} for a list, nil for a miss.
local policy = tonumber(ARGV[1])
return record {
  string = function()
    if policy == 0 then
      return redis.call('GET', KEYS[1])
    end
    return redis.call('GETEX', KEYS[1], 'PX', ARGV[1])
  end,
  list = function(value, own, deadline)
    return renew(own, deadline, policy) and {value}
  end,
  absent = false,
}
