package codectest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// sealed is a codec that needs a key.
type sealed struct {
	codec.JSON[record]
	encode func(key string, r record) ([]byte, error)
	decode func(key string, data []byte) (record, error)
	plain  error
}

func (s sealed) Encode(r record) ([]byte, error) {
	if s.plain != nil {
		return nil, s.plain
	}
	return json.Marshal(record{Name: "lost"})
}

func (s sealed) Decode(data []byte) (record, error) {
	if s.plain != nil {
		return record{}, s.plain
	}
	return s.JSON.Decode(data)
}

func (s sealed) EncodeFor(key string, r record) ([]byte, error) {
	if s.encode != nil {
		return s.encode(key, r)
	}
	data, err := json.Marshal(r)
	return append([]byte(key+"\n"), data...), err
}

func (s sealed) DecodeFor(key string, data []byte) (record, error) {
	if s.decode != nil {
		return s.decode(key, data)
	}
	body, ok := bytes.CutPrefix(data, []byte(key+"\n"))
	if !ok {
		return record{}, errTest
	}
	return s.JSON.Decode(body)
}

// Hides Append and the like, which would not know the key.
func (s sealed) Append() {}

func TestBoundCodecs(t *testing.T) {
	for _, test := range []struct {
		name  string
		codec sealed
		want  string
	}{
		{"sound", sealed{plain: errTest}, ""},
		{"ignores the key", sealed{
			plain:  errTest,
			encode: func(_ string, r record) ([]byte, error) { return json.Marshal(r) },
			decode: func(_ string, data []byte) (record, error) {
				return codec.JSON[record]{}.Decode(data)
			},
		}, ""},
		{"misread under another key", sealed{
			plain: errTest,
			decode: func(key string, data []byte) (record, error) {
				writer, body, _ := bytes.Cut(data, []byte("\n"))
				r, err := codec.JSON[record]{}.Decode(body)
				if string(writer) != key {
					r.Name += "?"
				}
				return r, err
			}}, `written with key "codectest:{1}" and read with "codectest:{1}2", another value`},
		{"a prefix of the key", sealed{
			plain: errTest,
			decode: func(key string, data []byte) (r record, err error) {
				_, body, ok := bytes.Cut(data, []byte("\n"))
				if !ok || !bytes.HasPrefix(data, []byte(key)) {
					return r, errTest
				}
				if !bytes.HasPrefix(data, []byte(key+"\n")) {
					return record{Name: "lost"}, nil
				}
				return codec.JSON[record]{}.Decode(body)
			}}, "another value comes back"},
		{"wrong without a key", sealed{}, "Encode and Decode without a key return another value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := found(suiteOf(test.codec).checks())
			if test.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			i := slices.IndexFunc(found, func(f Fault) bool {
				return f.Check == "ValuesStayUnderTheirKey"
			})
			if i < 0 || !strings.Contains(found[i].Err.Error(), test.want) {
				t.Errorf("found %v, want %q", found, test.want)
			}
		})
	}
}

// lax writes lists that are too deep for codec.JSON, with which it reads. From Go 1.27 on,
// json.Marshal refuses them too.
type lax struct{ codec.JSON[any] }

func (lax) Encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if _, list := v.([]any); list && err != nil {
		return []byte(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), nil
	}
	return data, err
}

func TestUnreadableIsFound(t *testing.T) {
	s := Suite[any]{Codec: lax{}, Values: []any{"a", map[string]any{"b": 1.0}}}
	found := found(s.checks())
	if len(found) != 1 || found[0].Check != "EncodeRefusesTheUnreadable" {
		t.Errorf("found %v, want that null is written", found)
	}

	doubtful := suiteOf(full{})
	doubtful.Doubtful = []record{{Name: "\xff"}}
	if failed := failures(doubtful); !slices.Contains(failed, "EncodeRefusesTheUnreadable") {
		t.Errorf("failed checks %v, want that invalid UTF-8 changes", failed)
	}
	refusing := func(r record) ([]byte, error) {
		if r.Name == "\xff" {
			return nil, errTest
		}
		return json.Marshal(r)
	}
	doubtful.Codec = faulty{encode: refusing}
	doubtful.Run(t)
}

// Only the author knows whether a codec must refuse another key, and says so with Binds.
func TestIgnoredKeysAreFound(t *testing.T) {
	s := suiteOf(sealed{plain: errTest})
	s.Binds = true
	s.Run(t)
	s.Codec = sealed{
		plain:  errTest,
		encode: func(_ string, r record) ([]byte, error) { return json.Marshal(r) },
		decode: func(_ string, data []byte) (record, error) {
			return codec.JSON[record]{}.Decode(data)
		},
	}
	if failed := failures(s); !slices.Equal(failed, []string{"ValuesStayUnderTheirKey"}) {
		t.Errorf("failed checks %v", failed)
	}
}
