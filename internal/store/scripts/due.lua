-- untilDue returns the time until a record is due for a refresh: 0 if it is due, -1 if it never
-- will be. own and deadline are 0 for a string. Under a policy that renews, only a deadline makes a
-- record due. Under other policies, if own is shorter than the policy's TTL, the Refresh is shorter
-- in the same proportion.
local function untilDue(own, deadline, policy, slides, refresh)
  if refresh == 0 or slides and deadline == 0 then
    return -1
  end
  local left = deadline > 0 and deadline - now() or redis.call('PTTL', KEYS[1])
  if left < 0 and deadline == 0 then
    return -1 -- another program has written it without a TTL
  end
  if not slides and own > 0 and own < policy then
    refresh = math.floor(refresh * (own / policy))
  end
  return math.max(left - refresh, 0)
end

-- ends returns when a record expires, in Unix milliseconds, or 0 if reads change that. A refill
-- compares the value and this time with those that it found. It does not notice a write that leaves
-- both equal.
local function ends(deadline, slides)
  if deadline > 0 then
    return deadline
  end
  local left = redis.call('PTTL', KEYS[1])
  if slides or left < 0 then
    return 0
  end
  return now() + left
end

