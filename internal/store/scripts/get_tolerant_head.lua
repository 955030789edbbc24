-- This file comes first in get_tolerant.lua for caches whose records are mostly strings. It answers
-- for a miss, and for a string that is not due for a renewal. Most records are not due when several
-- processes read them. So the functions of record.lua need not be created. It decides as fresh in
-- tolerance.lua does.
-- ARGV: as for get_tolerant.lua.
do
  local value = redis.pcall('GET', KEYS[1])
  if type(value) == 'string' then
    local since = ARGV[1] - redis.call('PTTL', KEYS[1])
    local left = ARGV[2] - since
    if since >= 0 and left > 0 then
      return {value, left, -1}
    end
  elseif not value then
    return false
  end
end

