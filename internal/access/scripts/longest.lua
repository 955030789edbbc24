-- longest stores the longest TTL that a record was given. The key holds nothing else. It outlives
-- a record with that TTL.
-- ARGV: a TTL in milliseconds.
-- Returns the longest TTL.
local longest = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) or 0, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', longest), 'PX', string.format('%.0f', 2 * longest))
return longest
