-- write replaces what the key holds with a record with its own terms. own is its TTL, or 0 for the
-- policy's. age is its longest life, which renewals do not extend, or 0 for no limit.
local function write(value, own, policy, age)
  local ttl, deadline = whole(own, policy), 0
  if age > 0 then
    ttl, deadline = math.min(ttl, age), now() + age
  end
  own, deadline = string.format('%.0f', own), string.format('%.0f', deadline)
  if redis.call('TYPE', KEYS[1]).ok == 'list' and redis.call('LLEN', KEYS[1]) == 3 then
    redis.call('LSET', KEYS[1], 0, value) -- first, so that Redis can refuse it when out of memory
    redis.call('LSET', KEYS[1], 1, own)
    redis.call('LSET', KEYS[1], 2, deadline)
  else
    -- If Redis is out of memory, it refuses only the first write of a script, and only a write that
    -- needs memory. So a SET comes before the UNLINK, and a refusal changes nothing. While the slot
    -- moves to another server, Redis refuses the RPUSH: the removed key may be on the other server
    -- by now. The caller sends the script again, and it goes to that server.
    redis.call('SET', KEYS[1], '', 'PX', 1)
    redis.call('UNLINK', KEYS[1])
    redis.call('RPUSH', KEYS[1], value, own, deadline)
  end
  expire(ttl)
end

