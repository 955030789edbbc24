-- set writes a record with terms of its own, in place of whatever is there.
-- ARGV: value; its own TTL, or 0 for the policy's; the policy's TTL; the age at
-- which it dies, or 0 for none.
local own, policy, age = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local deadline = 0
if age > 0 then
  deadline = now() + age
end
-- Redis refuses for want of memory only the first write of a script, and only one
-- that takes memory: a SET comes before the UNLINK, so that a refusal changes
-- nothing.
redis.call('SET', key, '')
redis.call('UNLINK', key)
redis.call('RPUSH', key, ARGV[1], ARGV[2], string.format('%.0f', deadline))
renew(own, deadline, policy)
return 1
