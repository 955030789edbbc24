-- refill replaces a record with what was loaded, unless the record was written during the load.
-- ARGV:
--   1    the value that was found
--   2    when that record expires; 0 if that is unknown
--   3    1 if the policy renews records
--   4    'record', 'absent' to leave a marker, 'nothing' to remove it, or 'same' to write nothing
--   5    the value, or the TTL of the marker
--   6-9  the terms of the record, as for put
-- Returns 1, or 0 if the record was written during the load.
local function refill(value, deadline)
  if value ~= ARGV[1] or
    ARGV[2] ~= '0' and math.abs(ends(deadline, ARGV[3] == '1') - ARGV[2]) > 1 then
    return 0
  end
  if ARGV[4] == 'record' then
    put(ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9])
  elseif ARGV[4] ~= 'same' then
    marker(ARGV[4] == 'absent' and tonumber(ARGV[5]) or 0)
  end
  return 1
end
return record {
  string = function()
    return refill(redis.call('GET', KEYS[1]), 0)
  end,
  list = function(value, own, deadline)
    return refill(value, deadline)
  end,
  absent = 0,
}
