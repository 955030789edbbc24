-- track notes that records were accessed now. The key is a shard of the index.
-- ARGV, with times in milliseconds:
--   1     1 to note only what the index knows, 0 to add the rest
--   2     the longest life that a record of the cache has
--   3     the window of notes
--   4     1 to take out entries that are too old to be of live records; 0 if the longest life is not
--         known yet
--   5...  the members
local t, life, margin = now(), tonumber(ARGV[2]), tonumber(ARGV[3])
local left = redis.call('PTTL', KEYS[1]) -- before the first write, in case it is refused
for i = 5, #ARGV do
  local noted
  if ARGV[1] == '1' then
    noted = redis.pcall('ZADD', KEYS[1], 'XX', string.format('%.0f', t), ARGV[i])
  else
    noted = redis.pcall('ZADD', KEYS[1], string.format('%.0f', t), ARGV[i])
  end
  if type(noted) == 'table' and noted.err then
    -- Redis has no memory for it. A record without an entry counts as used; with an old one it
    -- would count as idle.
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
-- The shard outlives its records.
local ttl = 2 * (life + margin)
if left < ttl then
  expire(ttl)
end
-- Some entries that are too old to be of live records go, a few more than were added. So the index
-- shrinks to what is alive even if nobody sweeps.
if ARGV[4] == '1' then
  local limit = string.format('%.0f', t - life - margin)
  local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', limit, 'LIMIT', 0, #ARGV + 8)
  for i = 1, #old do
    redis.call('ZREM', KEYS[1], old[i])
  end
end
return 1
