-- swap replaces the value of a record if it is still the one that was read, and keeps the record's
-- terms.
-- ARGV:
--   1  the value that was read
--   2  the new one
--   3  the policy's TTL to renew the record; 0 to renew nothing
-- Returns 1, or the current value if it is another one, or 0 if there is no record.
local old, new, policy = ARGV[1], ARGV[2], tonumber(ARGV[3])
return record {
  string = function()
    local value = redis.call('GET', KEYS[1])
    if value ~= old then
      return value
    end
    replace(new, policy)
    return 1
  end,
  list = function(value, own, deadline)
    if value ~= old then
      return value
    end
    redis.call('LSET', KEYS[1], 0, new) -- first, so that Redis can refuse it when out of memory
    return renew(own, deadline, policy) and 1 or 0
  end,
  write = void,
}
