-- prune removes members from the index whose records were gone, if they were not accessed since.
-- The key is a shard of the index.
-- ARGV: each member, followed by the score that was read.
local pruned = 0
for i = 1, #ARGV, 2 do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if at and tonumber(at) == tonumber(ARGV[i + 1]) then
    pruned = pruned + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return pruned
