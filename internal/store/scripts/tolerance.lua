-- Scripts for a policy with a tolerance have this file behind the prelude.

-- fresh returns for how long a record need not be renewed, or nil if it is due: the
-- tolerance of its TTL has passed. What has no TTL (-1 left), or a longer one than this
-- policy gives, is due; what its deadline has cut will never be.
local function fresh(ttl, deadline, tolerance)
  local left = redis.call('PTTL', key)
  if deadline > 0 and math.abs(now() + left - deadline) <= 1 then
    return tolerance
  end
  local since = ttl - left
  if since >= 0 and since < tolerance then
    return tolerance - since
  end
end

-- renewDue is renew for a policy with a tolerance. It returns for how long the record
-- is not due from now on, or false when its deadline has passed. A TTL of its own
-- that is shorter than the policy's has the same part as its tolerance.
local function renewDue(own, deadline, policy, tolerance)
  local ttl = own > 0 and own or policy
  if ttl < policy then
    tolerance = math.floor(tolerance * (ttl / policy))
  end
  return fresh(ttl, deadline, tolerance) or renew(own, deadline, policy) and tolerance
end

