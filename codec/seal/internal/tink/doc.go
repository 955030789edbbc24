// Package tink shows package seal with a keyset of Tink, and with XChaCha20-Poly1305. It is a
// module of its own, so that the library does not depend on either. Its tests are the program.
package tink
