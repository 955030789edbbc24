-- get.lua has this file in front of all others where records are mostly strings. It answers for
-- them, and for misses, before the functions of record.lua are made, which would cost as much again.
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

