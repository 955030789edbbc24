-- This file comes first in get.lua for caches whose records are mostly strings. It answers for
-- strings and for misses. So the functions of record.lua need not be created, which would double
-- the cost.
-- ARGV: as for get.lua.
do
  local value
  if ARGV[1] == '0' then
    value = redis.pcall('GET', KEYS[1])
  else
    value = redis.pcall('GETEX', KEYS[1], 'PX', ARGV[1])
  end
  if type(value) ~= 'table' then
    return value
  end
end

