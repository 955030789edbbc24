-- claim reads a record, as get does, or takes the right to load it: a lease in the record's key.
-- With an empty token it only looks.
-- ARGV:
--   1  the policy's TTL
--   2  1 if the policy renews records
--   3  1 to renew the record
--   4  the tolerance of the policy; 0 for none
--   5  the Refresh of the policy; 0 for none
--   6  the token of the load, 16 hex digits
--   7  the TTL of the lease
--   8  1 to take the lease even from another load, and to replace a marker
-- Returns
--   {'record', value, time until it is due (0: due, -1: never), when it expires (0: unknown),
--     time until it is due for a renewal, own TTL or -1 for a string, PTTL}
--   {'absent', PTTL}   the key holds a marker
--   {'leased', PTTL}   another load has the lease
--   {'yours'}          the caller has the lease now
--   {'nothing'}        the key holds nothing, and the caller only looked
local policy, slides, renews = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3] == '1'
local tolerance, refresh, token = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local function found(value, own, deadline)
  local string = own < 0
  local fresh = 0
  local ttl = string and 0 or own
  local due, expiry = untilDue(ttl, deadline, policy, slides, refresh), ends(deadline, slides)
  if renews then
    if tolerance > 0 then
      fresh = renewDue(ttl, deadline, policy, tolerance)
    else
      fresh = renew(ttl, deadline, policy) and 0
    end
    if not fresh then
      return {'nothing'} -- its deadline has passed
    end
  end
  return {'record', value, due, expiry, fresh, own, redis.call('PTTL', KEYS[1])}
end

local function take()
  redis.call('HSET', KEYS[1], 't', token)
  expire(tonumber(ARGV[7]))
  return {'yours'}
end

-- A lease without a TTL would never expire, so it is removed.
if token ~= '' and redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HLEN', KEYS[1]) == 1
  and redis.call('PTTL', KEYS[1]) < 0 and isToken(redis.call('HGET', KEYS[1], 't')) then
  redis.call('UNLINK', KEYS[1])
end
return record {
  string = function()
    return found(redis.call('GET', KEYS[1]), -1, 0)
  end,
  list = found,
  write = function()
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then -- the key holds nothing
      return token == '' and {'nothing'} or take()
    end
    local holder = redis.call('HGET', KEYS[1], 't')
    if token ~= '' and (holder == token or ARGV[8] == '1') then
      redis.call('UNLINK', KEYS[1])
      return take()
    end
    return {holder and 'leased' or 'absent', left}
  end,
}
