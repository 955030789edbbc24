-- expire gives the key a TTL in milliseconds. If Redis refuses that, as by an ACL without PEXPIRE,
-- a key without a TTL is removed: no key of a cache is ever without one.
local function expire(ttl)
  ttl = string.format('%.0f', ttl)
  local reply = redis.pcall('PEXPIRE', KEYS[1], ttl)
  if type(reply) == 'table' and reply.err then
    if redis.call('PTTL', KEYS[1]) < 0 then
      redis.call('UNLINK', KEYS[1])
    end
    redis.call('PEXPIRE', KEYS[1], ttl) -- once more, for its error
  end
end

