// Package seal makes codecs that keep their values encrypted and authenticated. A reader of Redis
// learns only lengths and keys. A writer to Redis cannot forge a value:
//
//	sealed := seal.New(codec.JSON[User]{}, aead, nil)
//	users, err := cache.New[int64](rdb, "users", sealed, nil)
//
// You bring the [AEAD]: a keyset of Tink, or plain ciphers with numbers, with [Keys].
//
// A value can be read under its own key only. A value that somebody copied to another key, or to
// another cache, is an error. So is any record that is not sealed, unless Options.AcceptPlain is
// set.
//
// The key includes the name of the cache. If you change that name or a prefix of it, sealed records
// are unreadable, even if you rename all keys in Redis.
//
// The codec needs the Redis key, and a cache passes it. Elsewhere call codec.EncodeFor and
// codec.DecodeFor. The methods Encode and Decode return an error.
//
// # Which cipher, and how long a key lasts
//
// Prefer XAES-256-GCM or XChaCha20-Poly1305. Their nonces have 192 bits, so a key lasts for 2^80
// messages, more than any program writes. For Go they are in filippo.io/xaes256gcm, and in
// golang.org/x/crypto/chacha20poly1305 as NewX.
//
// With random nonces of 96 bits, as in AES-GCM, a key must be replaced after 2^32 messages. That is
// 5 days at 10,000 writes a second. Each write is a message, and the writes of all caches and
// processes with the key count together.
//
// To change the key, deploy these steps one after the other, each of them everywhere:
//
//   - Add the new key, so that it can be read.
//   - Make the new key the current one.
//   - Remove the old key when the longest TTL has passed.
//
// [Keys] has an example.
//
// # With other codecs
//
// Compress first, then seal: seal.New(compress.S2(...), aead, nil). The length of a compressed
// value reveals something; see below.
//
// A codec.Migrate goes within: seal.New(codec.Migrate(...), aead, nil). Around sealed versions, its
// number would not be authenticated. A writer to Redis could then make one codec read a record of
// another.
//
// # What is not protected
//
//   - An older value of the same key. A writer to Redis can put it back.
//   - The TTL. A writer to Redis can shorten it, lengthen it, or delete the record.
//   - The same key in another database or server, if the AEAD has the same key there. Use one key
//     for each database.
//   - The Redis key itself, and everything in it. Do not put secrets there.
//   - The length of the value. The length of a compressed value tells how much of it repeats. An
//     attacker who chooses a part of a value and sees lengths can guess the rest, as in the CRIME
//     attack. Do not compress a secret together with what others choose.
//
// # What is in Redis
//
//	0xC1 0x10 ciphertext                        with an AEAD of your own
//	0xC1 0x10 id nonce ciphertext tag           with Keys; id is a uvarint
//
// The associated data is authenticated and not stored. It consists of these parts, in this order:
//
//   - the byte 0x01
//   - the length of the Redis key as a uvarint, and the key
//   - the length of the header as a uvarint, and the header
//
// The header is the byte 0x10. With Keys, the id follows it.
package seal
