-- touch renews a record without reading it.
-- ARGV: the policy's TTL, 0 to renew nothing; the tolerance of it, 0 for none.
-- Returns 1, or 0 if there is no record.
local policy, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
return record {
  string = function()
    if policy > 0 and not fresh(policy, 0, tolerance) then
      redis.call('PEXPIRE', KEYS[1], ARGV[1])
    end
    return 1
  end,
  list = function(_, own, deadline)
    if policy == 0 then
      return 1
    end
    return renewDue(own, deadline, policy, tolerance) and 1 or 0
  end,
  write = void,
}
