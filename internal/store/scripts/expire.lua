-- Scripts that write a key before they can give it a TTL have this file behind the
-- prelude.

-- expire gives the key a TTL. If Redis does not let it, as by an ACL without PEXPIRE, a
-- key that has none goes: nothing of a cache is ever without a TTL.
local function expire(ttl)
  ttl = string.format('%.0f', ttl)
  local reply = redis.pcall('PEXPIRE', key, ttl)
  if type(reply) == 'table' and reply.err then
    if redis.call('PTTL', key) < 0 then
      redis.call('UNLINK', key)
    end
    redis.call('PEXPIRE', key, ttl) -- once more, for its error
  end
end

