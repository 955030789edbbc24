-- copy.lua has this file in front of all others where records are mostly strings. It answers for a
-- string that need not be renewed, and for a miss, before the functions of record.lua are made. It
-- decides as fresh in tolerance.lua does.
-- ARGV: as for copy.lua.
do
  local value = redis.pcall('GET', KEYS[1])
  if type(value) == 'string' then
    local life = redis.call('PTTL', KEYS[1])
    local since = ARGV[1] - life
    local left = ARGV[2] - since
    if since < 0 or left < 0 then
      left = 0
    end
    if left > 0 or ARGV[3] == '0' then
      return {value, life, left, -1}
    end
  elseif not value then
    return false
  end
end

