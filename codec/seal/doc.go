// Package seal makes codecs that keep their values encrypted and authenticated. Who reads Redis
// learns nothing but lengths and keys, and who writes to it cannot forge a value:
//
//	sealed := seal.New(codec.JSON[User]{}, aead, nil)
//	users, err := cache.New[int64](rdb, "users", sealed, nil)
//
// The [AEAD] is yours: a keyset of Tink, or plain ciphers with numbers, by [Keys].
//
// # What stands in Redis
//
//	0xC1 0x10 ciphertext                        by an AEAD of your own
//	0xC1 0x10 id nonce ciphertext tag           by Keys; id is a uvarint
//
// The associated data, which is authenticated and not stored, is the byte 0x01, the length of the
// Redis key as a uvarint, the key, the length of the header as a uvarint, and the header. The
// header is the byte 0x10, and behind it the id if Keys wrote one.
//
// So a value can be read under its own key only. A value that somebody copied to another key, or to
// another cache, is an error. So is any record that is not sealed, unless Options.AcceptPlain is
// set. The key includes the name of the cache: after a change of that name, or of a prefix of it,
// sealed records are unreadable, even if all of them are renamed.
//
// The codec needs that key. A cache passes it; elsewhere call codec.EncodeFor and codec.DecodeFor.
// The methods Encode and Decode return an error.
//
// A codec.Migrate goes within: seal.New(codec.Migrate(...), aead, nil). Around sealed versions its
// number is not authenticated. Who writes to Redis could then have a record read by another one's
// codec.
//
// # Which cipher, and how long a key lasts
//
// With random nonces of 96 bits, as AES-GCM has them, a key must go after 2^32 messages: 5 days at
// 10,000 writes a second. Each write counts, and the writes of all caches and processes that have
// the key count together. Prefer XAES-256-GCM or XChaCha20-Poly1305: their nonces have 192 bits, so
// a key lasts for 2^80 messages, which is for ever. For Go they are in filippo.io/xaes256gcm and in
// golang.org/x/crypto/chacha20poly1305, by NewX.
//
// To change the key, first add the new one everywhere, to be read. Then make it the current one.
// Remove the old one when the longest TTL has passed; [Keys] has an example.
//
// # What is not protected
//
//   - An older value of the same key: who can write to Redis can put it back.
//   - The TTL: who can write to Redis can shorten it, lengthen it, or delete the record.
//   - The same key in another database or server, if the AEAD's key is the same there. Use one key
//     for each database.
//   - The Redis key itself, and everything in it. Do not put secrets there.
//   - The length of the value. What is compressed first, seal.New(compress.S2(...), ...), has a
//     length that tells how much of it repeats. Who can choose a part of a value and see lengths
//     can then guess the rest, as in the CRIME attack. Do not compress a secret together with what
//     others choose.
package seal
