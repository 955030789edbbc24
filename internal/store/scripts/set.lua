-- set replaces what the key holds with a record with its own terms.
-- ARGV:
--   1  the value
--   2  its own TTL; 0 for the policy's
--   3  the policy's TTL
--   4  the age at which it expires; 0 for none
write(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
return 1
