-- seen tells how long ago records were accessed. The key is a shard of the index.
-- ARGV: the TTL of the shard, or 0 to change nothing; the members. A member that
-- is not in the index counts as accessed now, and is noted as such.
-- Returns milliseconds, -1 for a member that is not in the index.
local t, idle, added = now(), {}, false
for i = 2, #ARGV do
  local at = redis.call('ZSCORE', key, ARGV[i])
  if at then
    idle[i - 1] = math.max(t - tonumber(at), 0)
  else
    idle[i - 1] = -1
    if ARGV[1] ~= '0' then
      redis.call('ZADD', key, string.format('%.0f', t), ARGV[i])
      added = true
    end
  end
end
if added then
  expire(tonumber(ARGV[1]))
end
return idle
