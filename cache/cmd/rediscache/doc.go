// Command rediscache looks into the caches of package rediscache, and repairs them, from a terminal
// or a script:
//
//	go run github.com/activettl/rediscache/cache/cmd/rediscache@latest
//
// Where Redis is, the environment says, as it does to programs that call cache.FromEnv: REDIS_URL,
// or REDIS_HOST, REDIS_PORT, REDIS_ADDRS and so on. The flag -url takes the place of these. A user,
// a password, certificates and timeouts that the URL does not have still come from the environment.
// A cluster takes REDIS_ADDRS, or a URL with two of its nodes. At the address of one node of
// several, the tool refuses to look.
//
//	rediscache ls                                  # the caches, and how many records each has
//	rediscache keys users                          # the keys, one in a line
//	rediscache get users 42                        # the value: JSON, MessagePack, text, bytes
//	rediscache get orders 7 -descriptor o.pb -message shop.Order
//	rediscache inspect users 42                    # TTL, idle time, deadline, size; lease or marker
//	rediscache set users 42 '{"name":"Ann"}'       # keeps the record's terms
//	rediscache set flags beta on -ttl 10m          # gives it a TTL of its own
//	rediscache field users 42 name=Ann age=32      # changes fields, and nothing else
//	rediscache rm users 42 43
//	rediscache count users
//	rediscache stats users -policy-ttl 30m         # sizes, TTLs, idle times, the biggest records
//	rediscache sweep users -policy-ttl 30m -max-idle 10m -dry-run
//	rediscache clear shop/prod/users
//	rediscache near                                # which processes keep copies in memory
//	rediscache help get                            # all that there is to say of a command
//
// # What it does to the server
//
// It renews no record, and never runs KEYS. Of a cluster, and behind Sentinels, it asks primaries
// only. A walk takes pages of 512 keys, and reads no value unless it is to print one. So no command
// holds the server for long, except that a single value of many megabytes takes its time.
//
// # Policies
//
// The TTL and the rest of a cache's policy come from flags, or from the environment as in programs.
// cache.FromEnv reads REDIS_DEFAULT_TTL and so on. What cache.Config.For reads for the last part of
// the name goes before: SESSIONS_TTL for shop/prod/sessions. For a sweep, REDIS_DEFAULT_TTL is not
// enough: it needs -policy-ttl or SESSIONS_TTL. SESSIONS_NAMESPACE goes before REDIS_NAMESPACE too.
//
// # Keys
//
// A key is printed as it is, where a terminal and a shell take it. Other keys are printed as quoted
// Go strings: those with spaces, control characters or bytes that are not UTF-8, and those that
// begin with a quote or a hyphen. Every command takes both forms. Flags may stand before and behind
// the other arguments; -- ends them.
//
// # Scripts
//
// With -json, each command prints lines of JSON, and "rediscache help COMMAND" names their fields.
// Before they do what cannot be undone, clear, sweep, rm of several keys, and set in place of a
// record ask. -yes does it without asking, and without a terminal that is needed. A failure is one
// line on stderr, without a value and without a password. Exit codes:
//
//	0    done
//	1    failed
//	2    wrong arguments, or a wrong environment
//	3    no such cache or key; for near, no process, or with a name no channel of that name
//	130  interrupted; the line says how far it came
package main
