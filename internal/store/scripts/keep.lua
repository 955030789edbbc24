-- keep renews the lease of a load that is still under way.
-- ARGV: the token; the TTL of the lease.
-- Returns 1, or 0 if the lease is gone: the record was written, or another load has taken it.
if redis.pcall('HGET', KEYS[1], 't') ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
