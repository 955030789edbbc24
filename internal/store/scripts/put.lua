-- put writes a record in place of whatever is there: a plain one with the TTL px, or, if px is '0',
-- one with terms of its own, as write does.
local function put(value, px, own, policy, age)
  if px ~= '0' then
    redis.call('SET', KEYS[1], value, 'PX', px)
  else
    write(value, tonumber(own), tonumber(policy), tonumber(age))
  end
end

