package codectest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// full is a correct codec with all abilities except keys. A test replaces one of them.
type full struct {
	faulty
	append func(dst []byte, r record) ([]byte, error)
	set    func(data []byte, fields map[string]any) ([]byte, error)
	check  func() error
}

func (f full) Append(dst []byte, r record) ([]byte, error) {
	if f.append != nil {
		return f.append(dst, r)
	}
	data, err := f.Encode(r)
	return append(dst, data...), err
}

func (f full) SetFields(data []byte, fields map[string]any) ([]byte, error) {
	if f.set != nil {
		return f.set(data, fields)
	}
	return setFields(data, fields)
}

func (f full) Check() error {
	if f.check != nil {
		return f.check()
	}
	return nil
}

// setFields is a correct SetFields for records in JSON.
func setFields(data []byte, fields map[string]any) ([]byte, error) {
	r, err := codec.JSON[record]{}.Decode(data)
	if err != nil {
		return nil, err
	}
	for path, value := range fields {
		to := map[string]any{"name": &r.Name, "tags": &r.Tags, "raw": &r.Raw}[path]
		if path == "tags[0]" && len(r.Tags) > 0 {
			to = &r.Tags[0]
		}
		if to == nil {
			return nil, fmt.Errorf("%w: %q", codec.ErrUnknownField, path)
		}
		text, err := json.Marshal(value)
		if err == nil && (string(text) != "null" || path != "name" && path != "tags[0]") {
			err = json.Unmarshal(text, to)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %q", codec.ErrFieldValue, path)
		}
	}
	return json.Marshal(r)
}

func fullSuite(f full) Suite[record] {
	s := suiteOf(f)
	s.Fields = map[string]any{
		"name": "eve", "tags": []string{"x"}, "tags[0]": "y", "raw": []byte{1},
	}
	return s
}

func TestSoundAbilitiesPass(t *testing.T) { fullSuite(full{}).Run(t) }

func TestEachFaultOfAnAbilityIsFound(t *testing.T) {
	var pooled []byte
	withSet := func(change func(data []byte, fields map[string]any) ([]byte, error)) full {
		return full{set: change}
	}
	tests := []struct {
		name  string
		codec full
		check string
		want  string
	}{
		{"append forgets dst", full{append: func(_ []byte, r record) ([]byte, error) {
			return json.Marshal(r)
		}}, "Append", "does not keep what is in dst"},
		{"append starts at the front", full{append: func(dst []byte, r record) ([]byte, error) {
			data, err := json.Marshal(r)
			return append(dst[:0], data...), err
		}}, "Append", "does not keep what is in dst"},
		{"append fails", full{append: func(dst []byte, r record) ([]byte, error) {
			return dst, errTest
		}}, "Append", "fails where Encode does not"},
		{"append writes a byte too many", full{append: func(dst []byte, r record) ([]byte, error) {
			data, err := json.Marshal(r)
			return append(append(dst, data...), 0), err
		}}, "Append", "does not decode"},
		{"append loses a field", full{append: func(dst []byte, r record) ([]byte, error) {
			r.Tags = nil
			data, err := json.Marshal(r)
			return append(dst, data...), err
		}}, "Append", "another value than Encode"},
		{"append keeps the buffer", full{append: func(dst []byte, r record) ([]byte, error) {
			data, err := json.Marshal(r)
			copy(pooled, "overwritten")
			dst = append(dst, data...)
			pooled = dst[:cap(dst)]
			return dst, err
		}}, "Append", "Append wrote into a buffer lent before"},
		{"append panics", full{append: func(dst []byte, r record) ([]byte, error) {
			return dst[:cap(dst)+1], nil
		}}, "Append", "Append panicked"},

		{"set modifies its input", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			out, err := setFields(data, f)
			clear(data)
			return out, err
		}), "SetFields", "modified its input"},
		{"set loses another field", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			r, err := codec.JSON[record]{}.Decode(data)
			if _, ok := f["name"]; ok && err == nil {
				r.Raw = nil
				data, err = json.Marshal(r)
			}
			if err != nil {
				return nil, err
			}
			return setFields(data, f)
		}), "SetFields", "Raw is nil and was not"},
		{"set does nothing", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			if out, err := setFields(data, f); err != nil {
				return out, err
			}
			return data, nil
		}), "SetFields", "SetFields was given eve (string), and the field holds"},
		{"set merges", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			if tags, ok := f["tags"].([]string); ok {
				r, _ := codec.JSON[record]{}.Decode(data)
				f = map[string]any{"tags": append(r.Tags, tags...)}
			}
			return setFields(data, f)
		}), "SetFields", "set back does not restore the value"},
		{"set writes nonsense", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			out, err := setFields(data, f)
			return append(out, '!'), err
		}), "SetFields", "does not decode"},
		{"set cannot", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			return nil, fmt.Errorf("%w: x", codec.ErrUnknownField)
		}), "SetFields", "SetFields fails"},
		{"set sets one of several", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			for path, value := range f {
				return setFields(data, map[string]any{path: value})
			}
			return data, nil
		}), "SetFields", "at once"},
		{"set takes any name", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			if out, err := setFields(data, f); !errors.Is(err, codec.ErrUnknownField) {
				return out, err
			} else if _, ok := f["tags[0]"]; ok {
				return out, err
			}
			return data, nil
		}), "SetFieldsRefuses", "want ErrUnknownField"},
		{"set takes any value", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			if out, err := setFields(data, f); !errors.Is(err, codec.ErrFieldValue) {
				return out, err
			}
			return data, nil
		}), "SetFieldsRefuses", "to a channel returns <nil>, want ErrFieldValue"},
		{"set panics on a channel", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			for _, v := range f {
				if _, ok := v.(chan int); ok {
					panic("channel")
				}
			}
			return setFields(data, f)
		}), "SetFieldsRefuses", "SetFields panicked"},
		{"set repairs data", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			if _, err := (codec.JSON[record]{}).Decode(data); err != nil {
				data = []byte("{}")
			}
			return setFields(data, f)
		}), "SetFieldsRefuses", "of corrupt input 0 returns the error <nil>"},
		{"set quotes the value", withSet(func(data []byte, f map[string]any) ([]byte, error) {
			out, err := setFields(data, f)
			if err != nil {
				err = fmt.Errorf("%v: %w", f, err)
			}
			return out, err
		}), "ErrorsQuoteNothing", "an error of SetFields quotes the value"},

		{"check refuses", full{check: func() error { return errTest }},
			"CheckAcceptsTheType", "cache.New would refuse the codec"},
		{"check panics", full{check: func() error { panic("no") }},
			"CheckAcceptsTheType", "Check panicked"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checks := slices.DeleteFunc(fullSuite(test.codec).checks(), func(c check) bool {
				return c.name != test.check && !strings.HasPrefix(c.name, "SetFields")
			})
			for _, f := range faults(checks) {
				if f.Check == test.check && strings.Contains(f.Err.Error(), test.want) {
					return
				}
				t.Logf("found %s: %.300v", f.Check, f.Err)
			}
			t.Errorf("%s has not found %q", test.check, test.want)
		})
	}
}

func TestFieldsThatNoValueHas(t *testing.T) {
	s := fullSuite(full{})
	s.Values = []record{{}}
	found := found(s.checks())
	if len(found) != 1 || !strings.Contains(found[0].Err.Error(), `"tags[0]" can be set in none`) {
		t.Errorf("found %v, want that no value has tags[0]", found)
	}
}

// A SetFields that decodes into V and encodes again loses fields that V lacks.
func TestLostNewerFieldsAreFound(t *testing.T) {
	newer := []Newer{{[]byte(`{"Name":"a","Added":7}`), []byte(`"Added":7`)}}
	s := fullSuite(full{})
	s.Newer = newer
	if failed := failures(s); !slices.Equal(failed, []string{"SetFieldsKeepsNewerFields"}) {
		t.Errorf("failed checks %v", failed)
	}
	s.Codec = codec.JSON[record]{}
	s.Fields = map[string]any{"name": "eve"}
	s.Run(t)
}
