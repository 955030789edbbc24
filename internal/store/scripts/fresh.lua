-- due.lua has this file in front of the prelude, which costs the server as much as this
-- does: a record under the policy that is not due, as almost every record is that
-- another process reads. It decides as fresh in tolerance.lua does.
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'string' then
  local since = ARGV[1] - redis.call('PTTL', KEYS[1])
  local left = ARGV[2] - since
  if since >= 0 and left > 0 then
    return {value, left, -1}
  end
end
