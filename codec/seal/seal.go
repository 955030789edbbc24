package seal

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/frame"
)

// An AEAD encrypts and authenticates. The type tink.AEAD of Tink is an AEAD, and [Keys] returns
// one.
//
// It must be safe for concurrent use. Each ciphertext has a new nonce. Decrypt returns an error
// unless ciphertext and associated data are those of one call of Encrypt. Neither method keeps or
// modifies its arguments. Errors must not quote plaintext, since the cache passes them on.
type AEAD interface {
	// Encrypt returns plaintext encrypted, and authenticated together with associatedData.
	Encrypt(plaintext, associatedData []byte) ([]byte, error)

	// Decrypt returns the plaintext that Encrypt got with the same associatedData.
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// Options of [New]. Nil Options mean the zero Options.
type Options struct {
	// AcceptPlain reads records that are not sealed, during a migration. New values are sealed. The
	// default is an error for every plain record.
	//
	// While it is set, nothing is authenticated: a writer to Redis can replace a sealed record with
	// a plain one of any content. Remove it when all records have been written again, at the latest
	// when the longest TTL has passed. A plain record that starts with 0xC1 0x10 looks sealed, and
	// is an error.
	AcceptPlain bool
}

// New returns a codec that encrypts the values of inner. It can do all that inner can, and is safe
// for concurrent use. It needs the Redis key of each record; see [codec.Bound].
//
// If inner or aead is nil, or if inner seals already, all methods return an error. So they do if
// AcceptPlain is set and a plain protobuf message can look sealed. cache.New refuses such a codec.
//
// The time is that of aead. With an AEAD from [Keys] it allocates only the result. A record grows
// by 2 bytes, the id of the key, and what the cipher adds: 28 bytes with AES-GCM, 40 with
// XAES-256-GCM and XChaCha20-Poly1305.
func New[V any](inner codec.Codec[V], aead AEAD, o *Options) codec.Codec[V] {
	t := &transform{plain: o != nil && o.AcceptPlain, err: check(inner, aead, o)}
	if keys, ok := aead.(*keyring); ok {
		t.cipher = keys
	} else {
		t.cipher = foreign{aead}
	}
	return codec.Wrap(inner, t)
}

func check[V any](inner codec.Codec[V], aead AEAD, o *Options) error {
	switch {
	case inner == nil:
		return errors.New("seal: the inner codec is nil")
	case aead == nil:
		return errors.New("seal: the AEAD is nil")
	case frame.IsSealed(inner):
		return errors.New("seal: the inner codec seals already; use New once")
	case o == nil || !o.AcceptPlain || frame.IsUnframed(frame.Innermost(inner)):
		return nil
	}
	v := reflect.TypeFor[V]()
	if field := frame.Collision(v, frame.Sealed); field != "" {
		return fmt.Errorf("seal: a plain %s can look like a sealed one, by its %s; "+
			"use a new cache name, without Options.AcceptPlain", v, field)
	}
	return nil
}

// A cipher is an AEAD that appends. It makes the associated data for a Redis key itself, since that
// depends on the header.
type cipher interface {
	// seal appends the part of the record behind the byte for the kind.
	seal(dst, plaintext []byte, key string) ([]byte, error)
	open(dst, body []byte, key string) ([]byte, error)
}

// transform is a codec.Transform.
type transform struct {
	cipher
	plain bool
	err   error
}

// Check implements codec.Checker.
func (t *transform) Check() error { return t.err }

// Sealed returns true. Packages compress and seal ask for it, and refuse to wrap a sealed codec.
func (t *transform) Sealed() bool { return true }

var errNoKey = errors.New("seal: a sealed value needs its Redis key; " +
	"use EncodeFor and DecodeFor of the codec (codec.Bound)")

func (t *transform) ready(key string) error {
	if t.err == nil && key == "" {
		return errNoKey
	}
	return t.err
}

// Apply implements codec.Transform.
func (t *transform) Apply(dst, data []byte, key string) ([]byte, error) {
	if err := t.ready(key); err != nil {
		return dst, err
	}
	return t.seal(dst, data, key)
}

// Undo implements codec.Transform.
func (t *transform) Undo(dst, data []byte, key string) ([]byte, error) {
	if err := t.ready(key); err != nil {
		return dst, err
	}
	kind, body, err := frame.Cut(data)
	switch {
	case kind == frame.Sealed:
		return t.open(dst, body, key)
	case t.plain:
		return append(frame.Grow(dst, len(data)), data...), nil
	case err != nil:
		return dst, fmt.Errorf("seal: %w", err)
	}
	return dst, fmt.Errorf("seal: the record is %v and not sealed", kind)
}
