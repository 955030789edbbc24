-- marker leaves a marker of a record that is known to be absent for ttl, or nothing if ttl is 0, in
-- place of whatever is there.
local function marker(ttl)
  redis.call('UNLINK', KEYS[1])
  if ttl > 0 then
    redis.call('HSET', KEYS[1], 'n', '1')
    expire(ttl)
  end
end

