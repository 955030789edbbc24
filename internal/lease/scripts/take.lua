-- take takes a lease that is free, or renews it if the caller has it.
-- ARGV: the token; the TTL in milliseconds.
-- Returns -3 if the caller has it now, or else the PTTL of another caller's lease.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return redis.call('PTTL', KEYS[1])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -3
