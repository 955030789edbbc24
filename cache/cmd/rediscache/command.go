package main

import "slices"

// command is a command of the tool, with its help.
type command struct {
	name        string
	args        string // as the help shows them
	least, most int    // how many of them; most is negative for any number
	summary     string // one line for the overview
	about       string // the full help, at most 80 columns wide
	examples    []string
	make        func() action
}

// find returns the command of a name, or nil.
func find(name string) *command {
	all := commands()
	i := slices.IndexFunc(all, func(c *command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// commands are all commands, in the order of the overview.
func commands() []*command {
	return []*command{{
		name: "ls", make: func() action { return ls{} },
		summary: "list the caches and how many records each has",
		about: `
It looks at every key of the database, in pages of 512. The keys of a cache have
the form name:key. So keys of this form from another program look like a cache
too. With -namespace or REDIS_NAMESPACE it looks only at the keys of that
namespace; -namespace "" looks at all keys.

OTHER counts the keys that hold no record: leases and markers of loads, which
expire by themselves, and anything else. BOOKKEEPING counts the keys that a
cache keeps for sweeps and for copies in memory.

JSON: one line for each cache, {"cache", "records", "other", "bookkeeping"}.`,
		examples: []string{"rediscache ls", "rediscache ls -url redis://10.0.0.5:6379/2"},
	}, {
		name: "keys", args: "NAME", least: 1, most: 1, make: func() action { return keys{} },
		summary: "print the keys of a cache, one per line",
		about: `
A key is printed as it is. It is printed as a quoted Go string if it has spaces,
control characters or bytes that are not UTF-8, or begins with a quote or a
hyphen. Every command takes a key in both forms. A key may be printed twice if
Redis resizes its table during the walk.

JSON: one line for each key, {"key"}, or {"keyBase64"} if it is not UTF-8.`,
		examples: []string{"rediscache keys users", "rediscache keys users | wc -l"},
	}, {
		name: "get", args: "NAME KEY", least: 2, most: 2, make: func() action { return &get{} },
		summary: "print a record, without renewing it",
		about: `
It shows JSON indented, MessagePack as JSON, text as it is, and other bytes as a
hex dump. It decompresses what a codec has compressed. Protobuf needs the type
of the message: -descriptor names a file that
protoc --include_imports --descriptor_set_out=FILE has written.

-raw prints the bytes as they are in Redis. On a terminal, -raw refuses a value
with anything but printable characters, tabs and line ends.

A sealed value needs -key-file. Each line of that file is one key of codec/seal:
its id in seal.Keys, the word aes-gcm, and 16, 24 or 32 bytes in hex.

JSON: {"cache", "key" or "keyBase64", "form", "layers", "bytes", and "value",
"text" or "base64"}. "bytes" is the size in Redis. "layers" lists what was taken
off the value, such as a compression.`,
		examples: []string{
			"rediscache get users 42",
			"rediscache get orders 7 -descriptor orders.pb -message shop.Order",
			"rediscache get sessions 'a b' -key-file keys.txt",
			"rediscache get pictures 7 -raw > 7.png",
		},
	}, {
		name: "inspect", args: "NAME KEY", least: 2, most: 2,
		make:    func() action { return &inspect{} },
		summary: "show what a key holds: TTL, idle time, size",
		about: `
It shows the TTL, the idle time, the deadline and the size of a record. If the
key holds no record, it says what the key holds: the lease of a load, the marker
of a record that is known to be absent, or something else.

The TTL and the idle time need the TTL of the cache's policy, unless the record
has its own TTL. The first of these that is set gives it: -policy-ttl, USERS_TTL
for the cache users (as cache.Config.For reads it), REDIS_DEFAULT_TTL.

JSON: {"cache", "key" or "keyBase64", "holds", "remainingMs", "ttlMs",
"ownTtlMs", "idleMs", "deadline", "bytes", "form", "layers"}. "holds" is string,
list, lease, marker or foreign. Times are in milliseconds, and null if there is
none or it is not known.`,
		examples: []string{
			"rediscache inspect users 42",
			"rediscache inspect sessions abc -policy-ttl 30m",
		},
	}, {
		name: "set", args: "NAME KEY [VALUE|-]", least: 2, most: 3,
		make:    func() action { return &set{} },
		summary: "write a record, from the command line or from stdin",
		about: `
It replaces the value of a record and keeps its terms: the record expires when
it would have expired before. With -ttl the record gets that TTL as its own. The
command asks before it replaces a record.

The new value is wrapped as the old one was: compressed, sealed, or with a
version. The command refuses a value that the readers of the old one could not
read, such as text instead of JSON. -raw writes the bytes as they are.

A new record needs -ttl or the TTL of the policy. The first of these that is set
gives the latter: -policy-ttl, USERS_TTL for the cache users (as
cache.Config.For reads it), REDIS_DEFAULT_TTL.

Without VALUE, or with -, the value is everything on stdin, with its last line
end. The command cannot ask then, so it needs -yes to replace a record.

JSON: {"cache", "key" or "keyBase64", "created", "bytes"}.`,
		examples: []string{
			`rediscache set users 42 '{"name":"Ann"}'`,
			"rediscache set users 42 - -yes < ann.json",
			"rediscache set flags beta on -ttl 10m",
		},
	}, {
		name: "field", args: "NAME KEY PATH=VALUE...", least: 3, most: -1,
		make:    func() action { return &field{} },
		summary: "change fields of a record that is JSON or MessagePack",
		about: `
It sets all fields at once, or none. The other fields and the terms of the
record stay. Changes that others make at the same time are not lost.

PATH is a path of cache.UpdateField: address.city, tags[0], scores["a.b"]. VALUE
is JSON. If it is not JSON, it is text: age=32, name=Ann, zip="01234",
tags=["a","b"].

The command refuses a field that does not exist, and a value of another kind
than the old one, since programs may fail to read the result. -force sets both.

JSON: {"cache", "key" or "keyBase64", "bytes"}.`,
		examples: []string{
			"rediscache field users 42 name=Ann age=32",
			`rediscache field users 42 'address.city="Bern"'`,
		},
	}, {
		name: "rm", args: "NAME KEY...", least: 2, most: -1, make: func() action { return rm{} },
		summary: "remove records",
		about: `
It removes whatever the keys hold, even the lease of a load. It asks before it
removes more than one key. The exit code is 3 if a key did not exist.

JSON: one line for each key, {"cache", "key" or "keyBase64", "removed"}.`,
		examples: []string{"rediscache rm users 42", `rediscache rm users 42 43 "\"a\nb\"" -yes`},
	}, {
		name: "count", args: "NAME", least: 1, most: 1, make: func() action { return count{} },
		summary: "count the records of a cache",
		about: `
It walks over the keys, and reads no value.

JSON: {"cache", "records"}.`,
		examples: []string{"rediscache count users"},
	}, {
		name: "stats", args: "NAME", least: 1, most: 1, make: func() action { return &stats{} },
		summary: "show sizes, TTLs and idle times, and the biggest records",
		about: `
It walks over the keys, and reads sizes and no value.

Idle times need the TTL of the cache's policy. The first of these that is set
gives it: -policy-ttl, USERS_TTL for the cache users (as cache.Config.For reads
it), REDIS_DEFAULT_TTL. Records with their own TTL do not need it. Under a Fixed
policy idle times are not known.

JSON: {"cache", "records", "withTerms", "leases", "markers", "foreign",
"withoutTtl", "bytes", "sizes", "ttlsLeft", "idleTimes", "biggest"}. A histogram
is a list of {"upTo", "records"}, in bytes or milliseconds. Its last "upTo" may
be null, which means no limit. "biggest" is a list of {"key" or "keyBase64",
"bytes"}.`,
		examples: []string{"rediscache stats users",
			"rediscache stats sessions -policy-ttl 30m -top 3"},
	}, {
		name: "sweep", args: "NAME", least: 1, most: 1, make: func() action { return &sweeper{} },
		summary: "remove the records that nobody has used for a time",
		about: `
-max-idle is the time for which nobody has used the records, and is required.
-dry-run counts these records and removes none. Without -dry-run and -yes, the
command counts them and asks.

It needs the TTL of the cache's policy, from -policy-ttl or from the variable of
the cache: SESSIONS_TTL for the cache sessions, as cache.Config.For reads it.
REDIS_DEFAULT_TTL is not enough, since it may be the TTL of other caches. Give
the same TTL as the programs: with a longer one, records in use look idle.

If the programs have a ttl.Tolerance, give the same one, with -tolerance or
SESSIONS_TOLERANCE. Without it, or with a shorter one, the sweep may remove
records in use. With it, idle records may stay longer, by up to the tolerance.

Under a Fixed policy, the cache must track accesses. The command fails if
another sweep of the cache is under way, in any process. If a server or single
records fail, it sweeps the others, prints the result, and fails.

JSON: {"cache", "dryRun", "scanned", "removed", "kept", "failed",
"longestIdleMs", "elapsedMs"}.`,
		examples: []string{
			"rediscache sweep sessions -max-idle 10m -policy-ttl 30m -dry-run",
			"rediscache sweep sessions -max-idle 10m -policy-ttl 30m -tolerance 1m",
		},
	}, {
		name: "clear", args: "NAME", least: 1, most: 1, make: func() action { return clearing{} },
		summary: "remove all records of a cache",
		about: `
It asks first. Then it removes all records of the cache, and the leases and
markers of its loads. Keys of other caches stay, and so does anything that is
not a record. If it is interrupted, the remaining records stay. The exit code is
3 if there was nothing to remove.

JSON: {"cache", "removed", "leasesAndMarkers"}. "removed" counts records.`,
		examples: []string{"rediscache clear users", "rediscache clear users -yes"},
	}, {
		name: "near", args: "[NAME]", most: 1, make: func() action { return near{} },
		summary: "list the processes that keep copies in memory",
		about: `
For each primary it lists two things:

  - the connections on which Redis reports writes (CLIENT TRACKING)
  - the channels on which processes check that they receive these reports

All caches of a client share one connection and one channel. The channel has the
name of the first of these caches. With NAME, the command lists only channels of
that name. So it may exit with 3 although a process keeps copies of the cache:
they belong to the channel of another cache.

It needs the permission for PUBSUB and, without NAME, for CLIENT LIST.

JSON: one line for each connection, {"server", "id", "addr", "name",
"ageSeconds", "idleSeconds"}, and one for each channel, {"server", "cache",
"channel", "listeners"}.`,
		examples: []string{"rediscache near", "rediscache near flags"},
	}}
}
