-- release ends a lease if the caller still has it.
-- ARGV: the token.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0
