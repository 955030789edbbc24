-- fill ends a load. It writes what was loaded if the key still holds the lease of that load. With
-- an empty token it writes if the key holds nothing.
-- ARGV:
--   1    the token
--   2    'record', 'absent' to leave a marker, or 'nothing' to release the lease
--   3    the value, or the TTL of the marker
--   4-7  the terms of the record, as for put
-- Returns 1, or 0 if the lease is gone or, without a token, if the key holds something.
if ARGV[1] == '' then
  if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
  end
elseif redis.pcall('HGET', KEYS[1], 't') ~= ARGV[1] then
  return 0
end
if ARGV[2] == 'record' then
  put(ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
else
  marker(ARGV[2] == 'absent' and tonumber(ARGV[3]) or 0)
end
return 1
