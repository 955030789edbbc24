-- seen returns how long ago records were accessed. The key is a shard of the index.
-- ARGV: the TTL of the shard, or 0 to change nothing; the members. If the TTL is not 0, a member
-- that the index does not have is added as accessed now.
-- Returns for each member the time in milliseconds, or -1 if the index did not have it.
local t, idle, added = now(), {}, false
local left = redis.call('PTTL', KEYS[1]) -- before the first write, in case it is refused
for i = 2, #ARGV do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if at then
    idle[i - 1] = math.max(t - tonumber(at), 0)
  else
    idle[i - 1] = -1
    if ARGV[1] ~= '0' then
      redis.call('ZADD', KEYS[1], string.format('%.0f', t), ARGV[i])
      added = true
    end
  end
end
if added and left < tonumber(ARGV[1]) then
  expire(tonumber(ARGV[1]))
end
return idle
