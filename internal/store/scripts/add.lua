-- add writes a record if there is none.
-- ARGV:
--   1  the value
--   2  the TTL of a record without its own terms; 0 to give it terms
--   3  its own TTL; 0 for the policy's
--   4  the policy's TTL
--   5  the age at which it expires; 0 for none
--   6  1 to return the value of an existing record
-- Returns 1 if it was written; else 0, or the value of the existing record.
local want = ARGV[6] == '1'
return record {
  string = function()
    return want and redis.call('GET', KEYS[1]) or 0
  end,
  list = function(value, own, deadline)
    return want and value or 0
  end,
  write = function()
    put(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
    return 1
  end,
}
