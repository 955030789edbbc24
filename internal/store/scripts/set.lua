-- set writes a record with terms of its own, in place of whatever is there.
-- ARGV: value; its own TTL, or 0 for the policy's; the policy's TTL; the age at which it expires,
-- or 0 for none.
write(ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
return 1
