package codec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/activettl/rediscache/internal/frame"
)

// Versioned is a codec and the number that marks its records; see [Version]. The zero value is not
// valid.
type Versioned[V any] struct {
	number uint64
	codec  Codec[V]
}

// Version gives a codec a number for [Migrate]. The number marks the records of that codec. Never
// give it to another codec of the same cache, also when this one is gone. Number 0 means records
// without a mark: those of the codec that the cache had before Migrate.
func Version[V any](number uint64, c Codec[V]) Versioned[V] { return Versioned[V]{number, c} }

// Migrate returns a codec that writes with one codec and reads the records of several. So a cache
// can change its codec while old and new processes run side by side. Records of number 0 are the
// codec's bytes as they are. Others begin with 0xC1, 0x20 and their number as a uvarint.
//
// It takes three deployments. You can roll one back as long as the version before it can read all
// records:
//
//	codec.Migrate(codec.Version(0, old), codec.Version(1, new)) // reads both, writes the old
//	codec.Migrate(codec.Version(1, new), codec.Version(0, old)) // reads both, writes the new
//	codec.Migrate(codec.Version(1, new))                        // when the longest TTL has passed
//
// Under an Active policy, reads renew old records. So make the third deployment when no old record
// is left. If you cannot know that, skip it: reading an old record costs nothing extra.
//
// Each version may be a codec of package compress. Package seal goes around the whole:
// seal.New(codec.Migrate(...), aead, nil) authenticates the number as well. The bytes of other
// codecs than JSON and MsgPack may look like a record of another number. If they do, Encode with
// Version(0, c) returns an error.
//
// SetFields names fields as the writing codec does, and writes with it. It decodes a record of
// another number and encodes it again, which loses fields that V does not have.
//
// cache.New refuses two versions of one number, a nil codec, and a Migrate within a Migrate.
func Migrate[V any](write Versioned[V], reads ...Versioned[V]) Codec[V] {
	return migration[V]{append([]Versioned[V]{write}, reads...)}
}

// migration is the codec that Migrate returns. Its first version writes.
type migration[V any] struct{ versions []Versioned[V] }

func (m migration[V]) write() Versioned[V] { return m.versions[0] }

// Unwrap returns the codec that writes.
func (m migration[V]) Unwrap() Codec[V] { return m.write().codec }

func (m migration[V]) Encode(v V) ([]byte, error) { return m.AppendFor("", nil, v) }

func (m migration[V]) Append(dst []byte, v V) ([]byte, error) { return m.AppendFor("", dst, v) }

func (m migration[V]) EncodeFor(key string, v V) ([]byte, error) { return m.AppendFor(key, nil, v) }

func (m migration[V]) AppendFor(key string, dst []byte, v V) ([]byte, error) {
	w := m.write()
	data, err := AppendFor(w.codec, key, w.head(dst), v)
	if err == nil {
		err = w.plain(data[len(dst):])
	}
	if err != nil {
		return dst, err
	}
	return data, nil
}

// plain returns an error if a record without a number looks like one with a number.
func (v Versioned[V]) plain(data []byte) error {
	if kind, _, err := frame.Cut(data); v.number == 0 && err == nil && kind == frame.Version {
		return errors.New("migrate: the bytes of the codec of version 0 look like a record " +
			"of another version")
	}
	return nil
}

// head appends the bytes with which the records of a version begin.
func (v Versioned[V]) head(dst []byte) []byte {
	if v.number == 0 {
		return dst
	}
	return frame.AppendVersion(dst, v.number)
}

func (m migration[V]) Decode(data []byte) (V, error) { return m.DecodeFor("", data) }

func (m migration[V]) DecodeFor(key string, data []byte) (v V, err error) {
	by, body, err := m.of(data)
	if err != nil {
		return v, err
	}
	return DecodeFor(by.codec, key, body)
}

// of returns the version of a record, and the bytes of its codec.
func (m migration[V]) of(data []byte) (by Versioned[V], body []byte, err error) {
	kind, body, err := frame.Cut(data)
	number := uint64(0)
	switch {
	case err == nil && kind == frame.Version:
		if number, body, err = frame.CutUvarint(body); err == nil && number == 0 {
			err = errors.New("migrate: records of version 0 have no number")
		}
	default:
		body, err = data, nil
	}
	if err != nil {
		return by, nil, err
	}
	at := slices.IndexFunc(m.versions, func(v Versioned[V]) bool { return v.number == number })
	if at < 0 {
		return by, nil, fmt.Errorf("migrate: no codec here reads records of version %d", number)
	}
	return m.versions[at], body, nil
}

func (m migration[V]) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	return m.SetFieldsFor("", data, fields)
}

func (m migration[V]) SetFieldsFor(
	key string, data []byte, fields map[string]any,
) ([]byte, error) {
	by, body, err := m.of(data)
	if err != nil {
		return nil, err
	}
	w := m.write()
	if by.number != w.number {
		v, err := DecodeFor(by.codec, key, body)
		if err != nil {
			return nil, err
		}
		if body, err = EncodeFor(w.codec, key, v); err != nil {
			return nil, err
		}
	}
	if body, err = SetFieldsFor(w.codec, key, body, fields); err != nil {
		return nil, err
	}
	if err := w.plain(body); err != nil {
		return nil, err
	}
	return append(w.head(nil), body...), nil
}

// Check implements [Checker].
func (m migration[V]) Check() error {
	numbers := map[uint64]bool{}
	for _, v := range m.versions {
		if v.codec == nil {
			return fmt.Errorf("migrate: the codec of version %d is nil", v.number)
		}
		if numbers[v.number] {
			return fmt.Errorf("migrate: two codecs have the number %d", v.number)
		}
		numbers[v.number] = true
		if err := Check(v.codec); err != nil {
			return fmt.Errorf("migrate: version %d: %w", v.number, err)
		}
		if _, nested := v.codec.(migration[V]); nested {
			return fmt.Errorf("migrate: the codec of version %d is itself a Migrate: name all "+
				"versions in one", v.number)
		}
	}
	at := slices.IndexFunc(m.versions, func(v Versioned[V]) bool { return v.number == 0 })
	if at < 0 || frame.IsUnframed(m.versions[at].codec) {
		return nil
	}
	if field := frame.Collision(reflect.TypeFor[V](), frame.Version); field != "" {
		return fmt.Errorf("migrate: records of version 0 may be misread, since a message that "+
			"begins with %s looks like a version: use a new cache name", field)
	}
	return nil
}

// Sealed reports whether a version encrypts. Then nothing may compress around the migration.
func (m migration[V]) Sealed() bool {
	return slices.ContainsFunc(m.versions, func(v Versioned[V]) bool {
		return frame.IsSealed(v.codec)
	})
}
