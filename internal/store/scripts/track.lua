-- track notes that records were accessed now. The key is a shard of the index. Its
-- member '', which no record has, holds the longest life that a record was given
-- beyond the policy's.
-- ARGV: 1 to note only what the index knows, 0 to add the rest; the policy's TTL;
-- the window of notes; the life that this access gives its records, or 0 for no
-- other than the policy's; the members.
local t, life, margin = now(), tonumber(ARGV[2]), tonumber(ARGV[3])
local own, longest = tonumber(ARGV[4]), tonumber(redis.call('ZSCORE', key, '') or 0)
local left = redis.call('PTTL', key) -- before the first write, in case it is refused
if own > math.max(life, longest) then
  redis.pcall('ZADD', key, ARGV[4], '')
end
life = math.max(life, own, longest)
for i = 5, #ARGV do
  local noted
  if ARGV[1] == '1' then
    noted = redis.pcall('ZADD', key, 'XX', string.format('%.0f', t), ARGV[i])
  else
    noted = redis.pcall('ZADD', key, string.format('%.0f', t), ARGV[i])
  end
  if type(noted) == 'table' and noted.err then
    -- Redis has no memory for it. No entry counts as used, an old one does not.
    redis.call('ZREM', key, ARGV[i])
  end
end
-- The shard outlives its records.
local ttl = 2 * (life + margin)
if left < ttl then
  expire(ttl)
end
-- Entries that are too old to be of live records go, a few more than were added:
-- so the index shrinks to what is alive even if nobody sweeps.
local old = redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%.0f', t - life - margin), 'LIMIT', 0, #ARGV + 8)
for i = 1, #old do
  if old[i] ~= '' then
    redis.call('ZREM', key, old[i])
  end
end
return 1
