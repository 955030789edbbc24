-- set writes a record with terms of its own, in place of whatever is there.
-- ARGV: value; its own TTL, or 0 for the policy's; the policy's TTL; the age at
-- which it dies, or 0 for none.
local own, policy, age = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ttl, deadline = own > 0 and own or policy, 0
if age > 0 then
  ttl, deadline = math.min(ttl, age), now() + age
end
deadline = string.format('%.0f', deadline)
if redis.call('TYPE', key).ok == 'list' and redis.call('LLEN', key) == 3 then
  redis.call('LSET', key, 0, ARGV[1]) -- first, so that Redis can refuse it for want of memory
  redis.call('LSET', key, 1, ARGV[2])
  redis.call('LSET', key, 2, deadline)
else
  -- Redis refuses for want of memory only the first write of a script, and only one
  -- that takes memory: a SET comes before the UNLINK, so that a refusal changes
  -- nothing. While its slot moves to another node, Redis refuses the RPUSH, since a
  -- key that is not here any more may be there; sent again, the script goes there.
  redis.call('SET', key, '', 'PX', 1)
  redis.call('UNLINK', key)
  redis.call('RPUSH', key, ARGV[1], ARGV[2], deadline)
end
expire(ttl)
return 1
