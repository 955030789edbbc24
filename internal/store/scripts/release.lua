-- release ends a lease that is still the caller's.
-- ARGV: the token.
if redis.call('GET', key) == ARGV[1] then
  return redis.call('UNLINK', key)
end
return 0
