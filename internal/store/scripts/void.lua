-- void removes the lease or marker of a load, so that the load does not write what it began to read
-- before this write. It returns 0, for "no record".
local function void()
  redis.call('UNLINK', KEYS[1])
  return 0
end

