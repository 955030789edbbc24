-- This file comes before the source of each script on a record. The script works on KEYS[1]. No
-- other command runs during a script, so what it finds still holds when it writes. All times are in
-- milliseconds.

-- millis reads a number of milliseconds.
local function millis(text)
  return text and #text <= 15 and text:match('^%d+$') and tonumber(text)
end

-- The longest time.Duration of Go, in milliseconds. No cache writes a longer TTL.
local maxTTL = 9223372036854

-- terms reads the own TTL and the deadline of a record. It returns nil if a cache does not write
-- such terms. A list whose terms are both 0 is no record.
local function terms(own, deadline)
  own, deadline = millis(own), millis(deadline)
  if own and deadline and own <= maxTTL and own + deadline > 0 then
    return own, deadline
  end
end

-- whole returns the TTL that an access gives a record: its own, or the policy's.
local function whole(own, policy)
  return own > 0 and own or policy
end

local function foreign(what)
  return redis.error_reply('WRONGTYPE the key holds a ' .. what)
end

-- isToken reports whether token is the token of a lease. It may be nil.
local function isToken(token)
  return token and #token == 16 and token:match('^%x+$')
end

-- loading reports whether the key holds the lease of a load, {t: 16 hex digits}, or the marker of
-- an absent record, {n: ...}. Both have a TTL, so a hash without one is neither.
local function loading()
  if redis.call('HLEN', KEYS[1]) ~= 1 or redis.call('PTTL', KEYS[1]) < 0 then
    return false
  end
  return isToken(redis.call('HGET', KEYS[1], 't')) or redis.call('HEXISTS', KEYS[1], 'n') == 1
end

-- record looks at what the key holds and returns the matching field of `on`, or its result:
--   on.string()                    for a value under the cache's policy
--   on.list(value, own, deadline)  for a value with its own terms: its TTL, or 0 for the policy's;
--                                  its deadline, or 0. Later versions may add to the list.
--   on.write()                     for no value, or a lease or marker of a load. A write must void
--                                  the lease or marker.
--   on.absent                      in the same cases, if there is no on.write
-- If the key holds anything else, record returns an error and changes nothing.
local function record(on)
  local kind = redis.call('TYPE', KEYS[1]).ok
  if kind == 'string' then
    return on.string()
  elseif kind == 'list' then
    local r = redis.call('LRANGE', KEYS[1], 0, 2)
    local own, deadline = terms(r[2], r[3])
    if not own then
      return foreign('list that is not [value, TTL, deadline]')
    end
    return on.list(r[1], own, deadline)
  elseif kind == 'hash' and not loading() or kind ~= 'hash' and kind ~= 'none' then
    return foreign(kind)
  end
  if on.write then
    return on.write()
  end
  return on.absent
end

