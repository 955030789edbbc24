package main

import "slices"

// command is a command of the tool, as its help describes it.
type command struct {
	name        string
	args        string // as they are shown
	least, most int    // how many of them; most is negative for any number
	summary     string // one line for the overview
	about       string // all that there is to say
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
It looks at every key of the database, in pages. A cache is seen by its keys, which have the
form name:key. So keys of that form that another program has written look like a cache too. With
-namespace or REDIS_NAMESPACE it looks at the keys of that namespace only; -namespace "" looks at
all.

Beside the records it counts other keys: leases and markers of loads, which go by themselves, and
what is no record. Bookkeeping is what a cache keeps for sweeps and for copies in memory.

JSON: a line for each cache, {"cache", "records", "other", "bookkeeping"}.`,
		examples: []string{"rediscache ls", "rediscache ls -url redis://10.0.0.5:6379/2"},
	}, {
		name: "keys", args: "NAME", least: 1, most: 1, make: func() action { return keys{} },
		summary: "print the keys of a cache, one in a line",
		about: `
A key is printed as it is, or as a quoted Go string if it has spaces, control characters or bytes
that are not UTF-8, or begins with a quote or a hyphen. Every command takes a key in both forms. A
key may come twice if Redis resizes its table meanwhile.

JSON: a line for each key, {"key"}, or {"keyBase64"} if the key is not UTF-8.`,
		examples: []string{"rediscache keys users", "rediscache keys users | wc -l"},
	}, {
		name: "get", args: "NAME KEY", least: 2, most: 2, make: func() action { return &get{} },
		summary: "print a record; it renews nothing",
		about: `
JSON is indented, and MessagePack is shown as JSON. What a codec has compressed is decompressed.
Protobuf needs the type of the message: -descriptor names a file that
protoc --include_imports --descriptor_set_out=FILE has written. Text is printed as it is, and other
bytes as a hex dump. -raw prints the bytes as they are in Redis. On a terminal it refuses, unless
they are printable characters, tabs and line ends.

A sealed value needs -key-file. Each line of that file is a key of codec/seal, as seal.Keys numbers
them: its id, the word aes-gcm, and 16, 24 or 32 bytes in hex.

JSON: {"cache", "key" or "keyBase64", "form", "layers", "bytes", and "value", "text" or "base64"}.
"bytes" is the size in Redis, and "layers" are what was taken off the value.`,
		examples: []string{
			"rediscache get users 42",
			"rediscache get orders 7 -descriptor orders.pb -message shop.Order",
			"rediscache get sessions 'a b' -key-file keys.txt",
			"rediscache get pictures 7 -raw > 7.png",
		},
	}, {
		name: "inspect", args: "NAME KEY", least: 2, most: 2,
		make:    func() action { return &inspect{} },
		summary: "tell what a key holds: its TTL, its idle time, its size",
		about: `
It also tells whether the key holds no record but the lease of a load or the marker of a record that
is known to be absent. The TTL and the idle time of a record without a TTL of its own follow from
the policy of the cache. So they are told only if -policy-ttl or the environment says its TTL:
USERS_TTL for users, as cache.Config.For reads it, or else REDIS_DEFAULT_TTL.

JSON: {"cache", "key" or "keyBase64", "holds", "remainingMs", "ttlMs", "ownTtlMs", "idleMs",
"deadline", "bytes", "form", "layers"}. "holds" is string, list, lease, marker or foreign. Times are
in milliseconds, and null where there is none or none is known.`,
		examples: []string{
			"rediscache inspect users 42",
			"rediscache inspect sessions abc -policy-ttl 30m",
		},
	}, {
		name: "set", args: "NAME KEY [VALUE|-]", least: 2, most: 3,
		make:    func() action { return &set{} },
		summary: "write a record, from the command line or from stdin",
		about: `
It replaces the value of a record and keeps its terms: it expires when it would have. With -ttl it
gets that TTL as its own. It asks before it replaces a record. What is wrapped around the old value,
such as compression, is put around the new one. It refuses a value that the readers of the old one
could not read, such as a text in place of JSON. -raw writes the bytes as they are, with nothing
around them.

A record that is not there yet needs -ttl, or the policy's TTL by -policy-ttl or the environment:
USERS_TTL for users, as cache.Config.For reads it, or else REDIS_DEFAULT_TTL.
Without VALUE, or with -, the value is all that stdin holds, the last line end too. Then it cannot
ask, and to replace a record takes -yes.

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
All fields are set at once, or none. What else the record has stays, and so does its TTL. A change
that somebody else makes at the same time is not lost. A path is one of cache.UpdateField:
address.city, tags[0], scores["a.b"]. VALUE is JSON, or a text if it is not JSON: age=32, name=Ann,
zip="01234", tags=["a","b"].

A field that is not there, and a value of another kind than the old one, are refused: the program
that reads the record would hardly understand it. -force sets them all the same.

JSON: {"cache", "key" or "keyBase64", "bytes"}.`,
		examples: []string{
			"rediscache field users 42 name=Ann age=32",
			`rediscache field users 42 'address.city="Bern"'`,
		},
	}, {
		name: "rm", args: "NAME KEY...", least: 2, most: -1, make: func() action { return rm{} },
		summary: "remove records",
		about: `
It removes whatever the keys hold, also the lease of a load. It asks before it removes several. The
exit code is 3 if one of them was not there.

JSON: a line for each key, {"cache", "key" or "keyBase64", "removed"}.`,
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
It walks over the keys, and reads sizes and no value. Idle times need the policy's TTL, by
-policy-ttl, by USERS_TTL for users, as cache.Config.For reads it, or else by REDIS_DEFAULT_TTL.
Records with a TTL of their own do not need it. Under a Fixed policy idle times are not known.

JSON: {"cache", "records", "withTerms", "leases", "markers", "foreign", "withoutTtl", "bytes",
"sizes", "ttlsLeft", "idleTimes", "biggest"}. A histogram is a list of {"upTo", "records"}, in bytes
or milliseconds; the last "upTo" may be null, for no limit. "biggest" is a list of {"key" or
"keyBase64", "bytes"}.`,
		examples: []string{"rediscache stats users",
			"rediscache stats sessions -policy-ttl 30m -top 3"},
	}, {
		name: "sweep", args: "NAME", least: 1, most: 1, make: func() action { return &sweeper{} },
		summary: "remove the records that nobody has used for a time",
		about: `
-max-idle says for how long. -dry-run counts them and removes none. It needs the TTL of the cache's
policy, by -policy-ttl or by the cache's own variable: SESSIONS_TTL for sessions, as
cache.Config.For reads it. REDIS_DEFAULT_TTL is not enough, since it may be that of other caches.
The TTL must be that of the programs: with a longer one, records in use look idle.

If the programs have a ttl.Tolerance, -tolerance or SESSIONS_TOLERANCE must say the same. With none,
or a shorter one, records in use may be removed. With it, records may stay for so much longer.

Under a Fixed policy it needs a cache that tracks accesses. It takes the same turn as the sweeps of
the cache, so that no two sweep at once. If a server or single records fail, it goes on with the
others, prints what it has done, and fails.

JSON: {"cache", "dryRun", "scanned", "removed", "kept", "failed", "longestIdleMs", "elapsedMs"}.`,
		examples: []string{
			"rediscache sweep sessions -max-idle 10m -policy-ttl 30m -dry-run",
			"rediscache sweep sessions -max-idle 10m -policy-ttl 30m -tolerance 1m",
		},
	}, {
		name: "clear", args: "NAME", least: 1, most: 1, make: func() action { return clearing{} },
		summary: "remove all records of a cache",
		about: `
It removes the leases and markers of loads too. Keys of other caches stay, and so does what is no
record. It asks first. If it is interrupted, the rest stays as it is. The exit code is 3 if there
was nothing to remove.

JSON: {"cache", "removed", "leasesAndMarkers"}. "removed" are records.`,
		examples: []string{"rediscache clear users", "rediscache clear users -yes"},
	}, {
		name: "near", args: "[NAME]", most: 1, make: func() action { return near{} },
		summary: "list the processes that keep copies in memory",
		about: `
For each primary it lists the connections on which Redis tells of writes (CLIENT TRACKING), and the
channels on which processes prove that they hear. All caches of a client share one connection, and
its channel bears the name of the first of them. With NAME only channels of that name are listed. So
copies of a cache may be there although no channel bears its name, and the exit code is 3.

Without NAME it needs the permission for CLIENT LIST, and always that for PUBSUB.

JSON: a line for each, {"server", "id", "addr", "name", "ageSeconds", "idleSeconds"} or {"server",
"cache", "channel", "listeners"}.`,
		examples: []string{"rediscache near", "rediscache near flags"},
	}}
}
