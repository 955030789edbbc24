-- stale removes a record whose last access, by the index, is long ago. It is for servers that hold
-- both keys: the record and, as KEYS[2], its shard of the index.
-- ARGV: the idle time from which on the record is removed; its member.
-- Returns 1 if it was removed, 0 if not.
local function remove()
  local at = redis.call('ZSCORE', KEYS[2], ARGV[2])
  if not at or now() - tonumber(at) < tonumber(ARGV[1]) then
    return 0
  end
  redis.call('ZREM', KEYS[2], ARGV[2])
  return redis.call('UNLINK', KEYS[1])
end
return record {string = remove, list = remove, absent = 0}
