// Command rediscache shows and repairs the caches of package rediscache, from a terminal or a
// script:
//
//	go run github.com/activettl/rediscache/cache/cmd/rediscache@latest
//
// The environment says where Redis is, as for programs that call cache.FromEnv: REDIS_URL, or
// REDIS_HOST, REDIS_PORT, REDIS_ADDRS and so on. The flag -url replaces these. A user, a password,
// certificates and timeouts that the URL does not have still come from the environment. For a
// cluster, set REDIS_ADDRS, or give a URL with two of its nodes. The tool refuses to work with one
// node of several.
//
//	rediscache ls                                  # the caches and their numbers of records
//	rediscache keys users                          # the keys, one per line
//	rediscache get users 42                        # the value: JSON, MessagePack, text, bytes
//	rediscache get orders 7 -descriptor o.pb -message shop.Order
//	rediscache inspect users 42                    # TTL, idle time, deadline, size; lease, marker
//	rediscache set users 42 '{"name":"Ann"}'       # keeps the record's terms
//	rediscache set flags beta on -ttl 10m          # gives the record its own TTL
//	rediscache field users 42 name=Ann age=32      # changes fields, and nothing else
//	rediscache rm users 42 43
//	rediscache count users
//	rediscache stats users -policy-ttl 30m         # sizes, TTLs, idle times, the biggest records
//	rediscache sweep users -policy-ttl 30m -max-idle 10m -dry-run
//	rediscache clear shop/prod/users
//	rediscache near                                # the processes that keep copies in memory
//	rediscache help get                            # the full help of a command
//
// # What it does to the server
//
// It renews no record and never runs KEYS. In a cluster and with Sentinels, it asks only primaries.
// A walk takes pages of 512 keys, and reads values only to print them. So no command holds the
// server for long, except for a single value of many megabytes.
//
// # Policies
//
// The TTL and the rest of a cache's policy come from flags, or from the environment as in programs.
// The tool reads REDIS_DEFAULT_TTL and so on, as cache.FromEnv does. The variables of a cache come
// first: SESSIONS_TTL for shop/prod/sessions. These are what cache.Config.For reads for the last
// part of the name. For a sweep, REDIS_DEFAULT_TTL is not enough: a sweep needs -policy-ttl or
// SESSIONS_TTL. In the same way, SESSIONS_NAMESPACE comes before REDIS_NAMESPACE.
//
// # Keys
//
// A key is printed as it is if a terminal and a shell can take it. Other keys are printed as quoted
// Go strings: those with spaces, control characters or bytes that are not UTF-8, and those that
// begin with a quote or a hyphen. Every command takes both forms. Flags may stand before and after
// the other arguments; -- ends the flags.
//
// # Scripts
//
// With -json, each command prints lines of JSON. "rediscache help COMMAND" names their fields.
//
// Some commands ask before they do what cannot be undone: clear, sweep, rm of several keys, and set
// if there is a record. -yes skips the question. Without a terminal -yes is required.
//
// A failure is one line on stderr, without a value and without a password. Exit codes:
//
//	0    done
//	1    failed
//	2    wrong arguments, or a wrong environment
//	3    no such cache or key; for near, no process, or no channel of that name
//	130  interrupted; the line says how far the command came
package main
