-- void removes the lease or marker of a load. So the load does not store what it read before this
-- write. void returns 0, which means "no record".
local function void()
  redis.call('UNLINK', KEYS[1])
  return 0
end

