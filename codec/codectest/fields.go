package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/activettl/rediscache/codec"
)

// canary is the value for a field that must be in no error.
const canary = "codectest-canary"

const noSuchField = "codectest_no_such_field"

// fieldsAreSet sets each of Suite.Fields in each value that has it, and then all of them at once.
func (p *probe[V]) fieldsAreSet() error {
	set := map[string]bool{}
	err := p.each(func(s *sample[V]) error {
		together := map[string]any{}
		for _, path := range slices.Sorted(maps.Keys(p.suite.Fields)) {
			done, err := p.fieldIsSet(s, path)
			if err != nil {
				return fmt.Errorf("field %q: %w", path, err)
			}
			set[path] = set[path] || done
			if done && !overlaps(path, together) {
				together[path] = p.suite.Fields[path]
			}
		}
		_, err := p.setAndShown(s, together)
		if len(p.suite.Fields) == 0 {
			err = onlySerious(err) // the codec may have no fields
		}
		if err != nil {
			return fmt.Errorf("fields %q at once: %w", slices.Sorted(maps.Keys(together)), err)
		}
		return nil
	})()
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(p.suite.Fields)) {
		if !set[path] {
			return fmt.Errorf("field %q can be set in none of the values", path)
		}
	}
	return nil
}

// fieldIsSet sets one field, and then sets the old value again. It returns false if the value has
// no such place.
func (p *probe[V]) fieldIsSet(s *sample[V], path string) (bool, error) {
	was, exists := p.field(s.want, path)
	changed, err := p.setAndShown(s, map[string]any{path: p.suite.Fields[path]})
	if err != nil {
		refused := errors.Is(err, codec.ErrUnknownField) || errors.Is(err, codec.ErrFieldValue)
		if refused && !exists {
			return false, nil
		}
		return false, err
	}
	if !exists {
		return true, nil
	}
	for what, data := range map[string][]byte{
		"a field set to what it is changes the value":         s.data,
		"a field set and set back does not restore the value": changed,
	} {
		out, err := p.setFields(bytes.Clone(data), map[string]any{path: was})
		if err != nil {
			return false, fmt.Errorf("SetFields refuses what the field held: %w", err)
		}
		got, err := p.decode(out)
		if err != nil {
			return false, fmt.Errorf("what SetFields returns does not decode: %w", err)
		}
		if err := p.same(s.want, got, what); err != nil {
			return false, err
		}
	}
	return true, nil
}

// setAndShown sets fields, decodes the result and looks for them.
func (p *probe[V]) setAndShown(s *sample[V], fields map[string]any) ([]byte, error) {
	input := bytes.Clone(s.data)
	out, err := p.setFields(input, fields)
	if !bytes.Equal(input, s.data) {
		return nil, errors.New("SetFields modified its input")
	}
	if err != nil {
		return nil, fmt.Errorf("SetFields fails: %w", err)
	}
	out = bytes.Clone(out)
	got, err := p.decode(bytes.Clone(out))
	if err != nil {
		return nil, fmt.Errorf("what SetFields returns does not decode: %w", err)
	}
	if len(fields) == 0 {
		return out, p.same(s.want, got, "SetFields without fields changed the value")
	}
	for path, value := range fields {
		held, ok := p.field(got, path)
		if !ok {
			return nil, fmt.Errorf("no %q in %T: name it as the Go field or its tag does,"+
				" or give Suite.Field", path, got)
		}
		if !shows(held, value) {
			return nil, fmt.Errorf("SetFields was given %v (%T), and the field holds %v (%T)",
				value, value, held, held)
		}
	}
	return out, nil
}

// newerFieldsStay sets fields of values with more fields than V.
func (p *probe[V]) newerFieldsStay() error {
	for i, newer := range p.suite.Newer {
		v, err := p.decode(bytes.Clone(newer.Data))
		if err != nil {
			return fmt.Errorf("Newer %d does not decode: %w", i, err)
		}
		for path, value := range p.suite.Fields {
			if _, ok := p.field(v, path); !ok {
				continue
			}
			out, err := p.setFields(bytes.Clone(newer.Data), map[string]any{path: value})
			if err != nil {
				return fmt.Errorf("field %q of Newer %d: %w", path, i, err)
			}
			if !bytes.Contains(out, newer.Keeps) {
				return fmt.Errorf("setting %q in Newer %d loses the field that %T does not have",
					path, i, v)
			}
		}
	}
	return nil
}

// fieldsAreRefused checks the errors of SetFields.
func (p *probe[V]) fieldsAreRefused(s *sample[V]) error {
	attempt := func(fields map[string]any) ([]byte, error) {
		input := bytes.Clone(s.data)
		out, err := p.setFields(input, fields)
		if !bytes.Equal(input, s.data) {
			return nil, errors.New("SetFields modified its input")
		}
		if errors.Is(err, errPanicked) {
			return nil, err
		}
		if err == nil {
			_, undecodable := p.decode(bytes.Clone(out))
			if undecodable != nil {
				return nil, fmt.Errorf("SetFields returns what does not decode: %w", undecodable)
			}
		}
		return out, err
	}
	_, err := attempt(map[string]any{noSuchField: 1})
	if len(p.suite.Fields) == 0 {
		return onlySerious(err)
	}
	if isStruct[V]() && !errors.Is(err, codec.ErrUnknownField) {
		return fmt.Errorf("SetFields of %q returns %v, want ErrUnknownField", noSuchField, err)
	}
	for path, value := range p.suite.Fields {
		if _, ok := p.field(s.want, path); !ok {
			continue
		}
		unknown := map[string]any{noSuchField: 1, path: value}
		if _, err := attempt(unknown); isStruct[V]() && !errors.Is(err, codec.ErrUnknownField) {
			return fmt.Errorf("SetFields of %q and %q returns %v, want ErrUnknownField",
				path, noSuchField, err)
		}
		if _, err := attempt(map[string]any{path: canary}); onlySerious(err) != nil {
			return fmt.Errorf("a text in field %q: %w", path, err)
		}
		_, err := attempt(map[string]any{path: make(chan int)})
		if !errors.Is(err, codec.ErrFieldValue) {
			return fmt.Errorf("SetFields of %q to a channel returns %v, want ErrFieldValue",
				path, err)
		}
		for i, data := range p.suite.Corrupt {
			_, err := p.setFields(bytes.Clone(data), map[string]any{path: value})
			if err == nil || errors.Is(err, errPanicked) {
				return fmt.Errorf("SetFields of corrupt input %d returns the error %v", i, err)
			}
		}
		for n := 0; n < len(s.data); n += step(len(s.data), len(s.data)) {
			_, err := p.setFields(bytes.Clone(s.data[:n]), map[string]any{path: value})
			if errors.Is(err, errPanicked) {
				return fmt.Errorf("SetFields of the first %d of %d bytes: %w", n, len(s.data), err)
			}
		}
	}
	return nil
}

// onlySerious returns nil for the errors with which SetFields may refuse a field or a value.
func onlySerious(err error) error {
	if errors.Is(err, codec.ErrUnknownField) || errors.Is(err, codec.ErrFieldValue) ||
		errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// overlaps reports whether a path begins with one of others, or one of others with the path.
func overlaps(path string, others map[string]any) bool {
	for other := range others {
		long, short := path, other
		if len(long) < len(short) {
			long, short = short, long
		}
		if strings.HasPrefix(long, short) && (len(long) == len(short) ||
			strings.ContainsRune(".[", rune(long[len(short)]))) {
			return true
		}
	}
	return false
}
