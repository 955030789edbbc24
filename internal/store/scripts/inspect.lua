-- inspect tells what Redis knows of a record and changes nothing.
-- Returns {PTTL, bytes of the value, own TTL, deadline, server time}, or nil for
-- a miss. Times are in milliseconds.
return record {
  string = function()
    return {redis.call('PTTL', key), redis.call('STRLEN', key), 0, 0, now()}
  end,
  list = function(value, own, deadline)
    return {redis.call('PTTL', key), #value, own, deadline, now()}
  end,
  absent = false,
}
