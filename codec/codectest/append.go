package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/activettl/rediscache/codec"
)

// appends reports whether codec.AppendFor calls a method of the codec that appends.
func (p *probe[V]) appends() bool {
	switch p.suite.Codec.(type) {
	case interface {
		AppendFor(string, []byte, V) ([]byte, error)
	}:
		return true
	case codec.Bound[V]:
		return false
	case codec.Appender[V]:
		return true
	}
	return false
}

// appendKeeps lends the codec buffers of several sizes, as a cache does from its pool.
func (p *probe[V]) appendKeeps(s *sample[V]) error {
	const prefix = "what is in the buffer"
	for _, room := range []int{0, 1, len(s.data), 4*len(s.data) + 512} {
		buf := append(make([]byte, 0, len(prefix)+room), prefix...)
		out, err := p.append(buf, s.value)
		if err != nil {
			return fmt.Errorf("Append fails where Encode does not: %w", err)
		}
		if string(buf) != prefix || !bytes.HasPrefix(out, buf) {
			return errors.New("Append does not keep what is in dst")
		}
		if err := p.appended(s, out, out[len(prefix):]); err != nil {
			return fmt.Errorf("room for %d bytes: %w", room, err)
		}
	}
	out, err := p.append(nil, s.value)
	if err != nil {
		return fmt.Errorf("Append to nil: %w", err)
	}
	return p.appended(s, out, out)
}

// appended checks data, the bytes that Append added to out.
func (p *probe[V]) appended(s *sample[V], out, data []byte) error {
	kept := bytes.Clone(data)
	got, err := p.decode(bytes.Clone(data))
	if err != nil {
		return fmt.Errorf("what Append wrote does not decode: %w", err)
	}
	if err := p.same(s.want, got, "Append writes another value than Encode"); err != nil {
		return err
	}
	for _, other := range p.samples {
		if !other.useless {
			_, _ = p.append(make([]byte, 0, 64), other.value)
		}
	}
	if !bytes.Equal(data, kept) {
		return errors.New("a later Append wrote into a buffer lent before")
	}
	if err := p.withOverwritten(out[:cap(out)], s); err != nil {
		return fmt.Errorf("after the buffer was used again: %w", err)
	}
	return nil
}

// staysUnderKey checks that a codec.Bound never decodes another value under another key.
func (p *probe[V]) staysUnderKey(s *sample[V]) error {
	for _, written := range []string{key, otherKey, ""} {
		data, err := p.encodeFor(written, s.value)
		if err != nil && written == "" {
			continue // a codec may refuse this key
		}
		if err != nil {
			return fmt.Errorf("key %q: %w", written, err)
		}
		for _, read := range []string{key, otherKey, "", "another"} {
			got, err := p.decodeFor(read, bytes.Clone(data))
			if errors.Is(err, errPanicked) || err != nil && read == written {
				return fmt.Errorf("written and read with key %q: %w", written, err)
			}
			if err == nil && p.suite.Binds && read != written {
				return fmt.Errorf("written with key %q, a value is read with %q", written, read)
			}
			if err == nil && !p.equal(s.want, got) {
				return p.same(s.want, got, fmt.Sprintf(
					"written with key %q and read with %q, another value comes back",
					written, read))
			}
		}
	}
	return p.withoutKey(s)
}

// withoutKey checks that plain Encode and Decode of a codec.Bound either work or return an error.
func (p *probe[V]) withoutKey(s *sample[V]) (err error) {
	defer p.guard("Encode or Decode without a key", &err)
	c := p.suite.Codec
	if got, err := c.Decode(bytes.Clone(s.data)); err == nil {
		if err := p.same(s.want, got, "Decode returns another value than DecodeFor"); err != nil {
			return err
		}
	}
	data, err := c.Encode(s.value)
	if err != nil {
		return nil
	}
	got, err := c.Decode(data)
	if err != nil {
		return fmt.Errorf("Encode without a key writes what Decode refuses: %w", err)
	}
	return p.same(s.want, got, "Encode and Decode without a key return another value")
}

// setsFields reports whether codec.SetFieldsFor calls a method of the codec.
func (p *probe[V]) setsFields() bool {
	switch p.suite.Codec.(type) {
	case interface {
		SetFieldsFor(string, []byte, map[string]any) ([]byte, error)
	}:
		return true
	case codec.Bound[V]:
		return false
	case codec.FieldSetter:
		return true
	}
	return false
}

// isStruct reports whether V is a struct or a pointer to one, so that its fields are known.
func isStruct[V any]() bool {
	t := reflect.TypeFor[V]()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}
