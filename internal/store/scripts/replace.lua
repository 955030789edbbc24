-- replace writes the value of a record under the policy and renews the record. If policy is 0, it
-- does not change when the record expires.
local function replace(value, policy)
  if policy == 0 then
    redis.call('SET', KEYS[1], value, 'KEEPTTL')
  else
    redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', policy))
  end
end

