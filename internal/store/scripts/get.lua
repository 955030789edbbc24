-- get reads a record of any kind.
-- ARGV: the policy's TTL to renew the record, 0 to leave its expiry alone.
-- Returns the value, or nil for a miss.
local policy = tonumber(ARGV[1])
return record {
  string = function()
    if policy == 0 then
      return redis.call('GET', key)
    end
    return redis.call('GETEX', key, 'PX', ARGV[1])
  end,
  list = function(value, own, deadline)
    return renew(own, deadline, policy) and value
  end,
  absent = false,
}
