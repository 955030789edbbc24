-- get_for_write reads a record of any kind for a write that needs an existing record. As a part of
-- a write, it voids the lease or marker of a load.
-- Returns what get returns.
return record {
  string = function()
    return redis.call('GET', KEYS[1])
  end,
  list = function(value)
    return {value}
  end,
  write = function()
    void()
    return false
  end,
}
