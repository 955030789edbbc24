-- stale removes a record whose last access, by the index, is long ago, and its entry. KEYS[1] is
-- the record, KEYS[2] its shard of the index. One server must hold both.
-- ARGV: the least idle time for removal; the member of the record.
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
