-- clear removes a record, or the lease or marker of a load. It leaves everything else.
-- Returns 1 if it was a record, 0 if not.
local function remove()
  return redis.call('UNLINK', KEYS[1])
end
return record {string = remove, list = remove, write = void}
