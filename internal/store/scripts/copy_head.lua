-- This file comes first in copy.lua for caches whose records are mostly strings. It answers for a
-- string that is not due for a renewal, and for a miss. So the functions of record.lua need not be
-- created. It decides as fresh in tolerance.lua does.
-- ARGV: as for copy.lua.
do
  local value = redis.pcall('GET', KEYS[1])
  if type(value) == 'string' then
    local pttl = redis.call('PTTL', KEYS[1])
    local since = ARGV[1] - pttl
    local left = ARGV[2] - since
    if since < 0 or left < 0 then
      left = 0
    end
    if left > 0 or ARGV[3] == '0' then
      return {value, pttl, left, -1}
    end
  elseif not value then
    return false
  end
end

