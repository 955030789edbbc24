-- get_tolerant.lua has this file in front of all others where records are mostly strings. It answers
-- for a string that is not due, as almost every record is that another process reads, and for a
-- miss, before the functions of record.lua are made. It decides as fresh in tolerance.lua does.
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

