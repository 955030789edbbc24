// Package store keeps the records of one cache in Redis: keys and bytes in, bytes out. It has no
// type parameters and knows no codec.
//
// # Layout
//
// The Redis type of a key says what the key holds. Times are milliseconds of the server's clock.
//
//   - A string is a value under the cache's policy. It holds only the value.
//   - A list is a value with its own terms. It holds the value, its TTL (0 for the policy's), and
//     its deadline in Unix time (0 for none). Later versions may add fields.
//   - A hash that is the lease or the marker of a load is no record. Every reader sees a miss, and
//     every write removes it.
//   - Anything else was not written by a cache. Reads and conditional writes of it return
//     ErrWrongType.
//
// # What to know before you change a read
//
//  1. The layout above. A plain command can tell a string from the rest: GET and GETEX answer
//     WRONGTYPE for the other types.
//  2. A plan is one operation on one key: its first command, and what follows from each reply. The
//     function one runs it for one key, many for many keys, so Get and GetMany cannot differ.
//  3. A wire.Sender sends. There are three: the wire itself; its primaries, for reads that decide
//     about a record; and the index of accesses, which also notes the access. A plan does not know
//     which one it has.
//  4. A read renews the record if the policy does. The exception is a key whose last value this
//     process could not decode (unreadable).
//  5. lists says whether to expect lists. It learns that only from replies. It decides whether a
//     read begins with a plain command or with a script.
//  6. Under a tolerance, renewed remembers which records need not be renewed for a while. For all
//     others get_tolerant.lua decides. Every method of Store that writes or removes a record calls
//     changed.
//  7. In Lua, record (record.lua) dispatches on the layout. get_head.lua and get_tolerant_head.lua
//     come before it and answer for most strings.
package store
