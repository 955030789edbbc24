-- remove removes a record, unless it was written since. It removes nothing else.
-- ARGV: the PTTL that it had. A Set since then has raised the PTTL.
-- Returns 1 if it was removed, 0 if not.
local function remove()
  if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[1]) then
    return 0
  end
  return redis.call('UNLINK', KEYS[1])
end
return record {string = remove, list = remove, absent = 0}
