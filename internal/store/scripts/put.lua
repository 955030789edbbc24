-- put replaces what the key holds with a record. The record is a string with the TTL px. If px is
-- '0', it is a list with its own terms, as write writes it.
local function put(value, px, own, policy, age)
  if px ~= '0' then
    redis.call('SET', KEYS[1], value, 'PX', px)
  else
    write(value, tonumber(own), tonumber(policy), tonumber(age))
  end
end

