-- fresh returns how long a record need not be renewed, or nil if it is due. A record is due when
-- the tolerance of its TTL has passed. A record without a TTL (-1 left) is due, and so is one with
-- a longer TTL than this policy gives. A record whose deadline has cut its TTL is never due.
local function fresh(ttl, deadline, tolerance)
  local left = redis.call('PTTL', KEYS[1])
  if deadline > 0 and math.abs(now() + left - deadline) <= 1 then
    return tolerance
  end
  local since = ttl - left
  if since >= 0 and since < tolerance then
    return tolerance - since
  end
end

-- freshPart returns fresh for a record, and the record's tolerance. If the record's own TTL is
-- shorter than the policy's, its tolerance is shorter in the same proportion.
local function freshPart(own, deadline, policy, tolerance)
  local ttl = whole(own, policy)
  if ttl < policy then
    tolerance = math.floor(tolerance * (ttl / policy))
  end
  return fresh(ttl, deadline, tolerance), tolerance
end

-- renewDue is renew for a policy with a tolerance. It returns how long the record is not due from
-- now on, or false if its deadline has passed.
local function renewDue(own, deadline, policy, tolerance)
  local left, part = freshPart(own, deadline, policy, tolerance)
  return left or renew(own, deadline, policy) and part
end

