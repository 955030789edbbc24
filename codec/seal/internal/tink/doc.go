// Package tink shows package seal with a keyset of Tink, and with XChaCha20-Poly1305. The code is
// in its tests. It is a separate module, so that the library does not depend on either.
package tink
