-- touch renews a record without reading it.
-- ARGV: the policy's TTL, or 0 to renew nothing; the tolerance of it, or 0 for none; 1 to void the
-- lease or marker of a load.
-- Returns how long the record is not due for a renewal, or -1 if there is no record.
local policy, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])

local function touched(own, deadline)
  return policy == 0 and 0 or renewDue(own, deadline, policy, tolerance) or -1
end

return record {
  string = function()
    return touched(0, 0)
  end,
  list = function(_, own, deadline)
    return touched(own, deadline)
  end,
  write = function()
    if ARGV[3] == '1' then
      void()
    end
    return -1
  end,
}
