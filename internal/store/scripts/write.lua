-- write writes a record with terms of its own, in place of whatever is there. own is its TTL, or 0
-- for the policy's; age is when it expires however often it is used, or 0.
local function write(value, own, policy, age)
  local ttl, deadline = whole(own, policy), 0
  if age > 0 then
    ttl, deadline = math.min(ttl, age), now() + age
  end
  own, deadline = string.format('%.0f', own), string.format('%.0f', deadline)
  if redis.call('TYPE', KEYS[1]).ok == 'list' and redis.call('LLEN', KEYS[1]) == 3 then
    redis.call('LSET', KEYS[1], 0, value) -- first, so that Redis can refuse it for want of memory
    redis.call('LSET', KEYS[1], 1, own)
    redis.call('LSET', KEYS[1], 2, deadline)
  else
    -- Redis refuses for want of memory only the first write of a script, and only one that takes
    -- memory: a SET comes before the UNLINK, so that a refusal changes nothing. While its slot
    -- moves to another server, Redis refuses the RPUSH, since a key that is not here any more may
    -- be there; sent again, the script goes there.
    redis.call('SET', KEYS[1], '', 'PX', 1)
    redis.call('UNLINK', KEYS[1])
    redis.call('RPUSH', KEYS[1], value, own, deadline)
  end
  expire(ttl)
end

