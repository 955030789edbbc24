-- extend renews a lease that is the caller's, or nobody's.
-- ARGV: the token; the TTL. Returns 1, or 0 if another has it.
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
return 1
