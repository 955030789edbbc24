-- Every script of the store has this file ahead of its own. A script has one key and
-- runs whole, so what it finds still holds when it writes.

local key = KEYS[1]

-- millis reads a number of milliseconds.
local function millis(text)
  return text and #text <= 15 and text:match('^%d+$') and tonumber(text)
end

-- The longest time.Duration of Go, in milliseconds: no cache writes a TTL beyond it.
local maxTTL = 9223372036854

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function foreign(what)
  return redis.error_reply('WRONGTYPE the key holds a ' .. what)
end

-- terms reads the own TTL and the deadline of a record, or returns nil if these are
-- not what a cache writes; a list with neither is not.
local function terms(own, deadline)
  own, deadline = millis(own), millis(deadline)
  if own and deadline and own <= maxTTL and own + deadline > 0 then
    return own, deadline
  end
end

-- record looks at what the key holds and answers with the field of `on` that
-- stands for it:
--   on.string()                     a value under the cache's policy
--   on.list(value, own, deadline)   a value with terms of its own: its TTL, or
--                                   0 for the policy's; its deadline, or 0
--   on.absent                       nothing, or a hash (a lease or a marker)
-- What is not a record of a cache is an error and stays as it is.
local function record(on)
  local kind = redis.call('TYPE', key).ok
  if kind == 'string' then
    return on.string()
  elseif kind == 'none' or kind == 'hash' then
    return on.absent
  elseif kind ~= 'list' then
    return foreign(kind)
  end
  local r = redis.call('LRANGE', key, 0, 3)
  local own, deadline = terms(r[2], r[3])
  if #r ~= 3 or not own then
    return foreign('list that is not [value, TTL, deadline]')
  end
  return on.list(r[1], own, deadline)
end

-- renew gives a record with terms of its own its whole TTL again, but not
-- beyond its deadline; policy 0 means that nothing is renewed. It returns false,
-- and removes the record, when the deadline has passed: nothing revives a dead
-- record.
local function renew(own, deadline, policy)
  if policy == 0 then
    return true
  end
  local ttl = own > 0 and own or policy
  if deadline > 0 then
    ttl = math.min(ttl, deadline - now())
  end
  if ttl < 1 then
    redis.call('UNLINK', key)
    return false
  end
  redis.call('PEXPIRE', key, string.format('%.0f', ttl))
  return true
end

-- idle tells how long ago the last access to a record was: it gave the record its
-- whole TTL, unless its deadline was nearer. Then, and for a key that has no TTL,
-- the time of that access is not known: -1. The second result is the PTTL, which a
-- second call may find to be another one.
local function idle(ttl, deadline)
  local left = redis.call('PTTL', key)
  if left < 0 or deadline > 0 and now() + left >= deadline - 1 then
    return -1, left
  end
  return math.max(ttl - left, 0), left
end

-- replace writes the value of a record under the policy and renews it; policy 0
-- leaves its expiry where it is.
local function replace(value, policy)
  if policy == 0 then
    redis.call('SET', key, value, 'KEEPTTL')
  else
    redis.call('SET', key, value, 'PX', string.format('%.0f', policy))
  end
end
