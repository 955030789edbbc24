-- marker replaces what the key holds with a marker that lives for ttl. A marker says that a record
-- is known to be absent. If ttl is 0, the key holds nothing afterwards.
local function marker(ttl)
  redis.call('UNLINK', KEYS[1])
  if ttl > 0 then
    redis.call('HSET', KEYS[1], 'n', '1')
    expire(ttl)
  end
end

