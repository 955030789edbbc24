-- track notes that records were accessed now. The key is a shard of the index.
-- ARGV, with times in milliseconds:
--   1     1 to note only members that the index has, 0 to add the others too
--   2     the longest TTL that a record of the cache has
--   3     the window of notes
--   4     1 to remove entries that are too old to belong to live records; 0 if the longest TTL is
--         not known yet
--   5...  the members
local t, lifetime, margin = now(), tonumber(ARGV[2]), tonumber(ARGV[3])
local left = redis.call('PTTL', KEYS[1]) -- before the first write, in case it is refused
for i = 5, #ARGV do
  local noted
  if ARGV[1] == '1' then
    noted = redis.pcall('ZADD', KEYS[1], 'XX', string.format('%.0f', t), ARGV[i])
  else
    noted = redis.pcall('ZADD', KEYS[1], string.format('%.0f', t), ARGV[i])
  end
  if type(noted) == 'table' and noted.err then
    -- Redis is out of memory. A record without an entry counts as used. With an old entry it would
    -- count as idle, so the entry is removed.
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
-- The shard outlives its records.
local ttl = 2 * (lifetime + margin)
if left < ttl then
  expire(ttl)
end
-- Some entries that are too old to belong to live records are removed, up to a few more than this
-- script adds. So the index shrinks to the live records even if no sweep runs.
if ARGV[4] == '1' then
  local limit = string.format('%.0f', t - lifetime - margin)
  local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', limit, 'LIMIT', 0, #ARGV + 8)
  for i = 1, #old do
    redis.call('ZREM', KEYS[1], old[i])
  end
end
return 1
