-- expire gives the key a TTL in milliseconds. Redis may refuse that, for example because of an ACL
-- without PEXPIRE. Then a key without a TTL is removed, since each key of a cache must have one.
local function expire(ttl)
  ttl = string.format('%.0f', ttl)
  local reply = redis.pcall('PEXPIRE', KEYS[1], ttl)
  if type(reply) == 'table' and reply.err then
    if redis.call('PTTL', KEYS[1]) < 0 then
      redis.call('UNLINK', KEYS[1])
    end
    redis.call('PEXPIRE', KEYS[1], ttl) -- again, to return its error
  end
end

