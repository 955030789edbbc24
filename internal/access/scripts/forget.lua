-- forget removes a member from the index if its last access is long ago. The key is a shard of the
-- index.
-- ARGV: the least idle time for removal; the member.
-- Returns 1 if it was removed, 0 if not.
local at = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not at or now() - tonumber(at) < tonumber(ARGV[1]) then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[2])
