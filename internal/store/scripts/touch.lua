-- touch renews a record without reading it.
-- ARGV: the policy's TTL, 0 to move nothing.
-- Returns 1, or 0 when there is no record.
local policy = tonumber(ARGV[1])
return record {
  string = function()
    if policy > 0 then
      redis.call('PEXPIRE', key, ARGV[1])
    end
    return 1
  end,
  list = function(_, own, deadline)
    return renew(own, deadline, policy) and 1 or 0
  end,
  absent = 0,
}
