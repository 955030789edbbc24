-- forget takes a member out of the index if its last access is long ago. The key is a shard of the
-- index.
-- ARGV: the idle time from which on it is taken out; the member.
-- Returns 1 if it was taken out, 0 if not.
local at = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not at or now() - tonumber(at) < tonumber(ARGV[1]) then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[2])
