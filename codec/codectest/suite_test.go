package codectest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
)

type record struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
	Raw  []byte   `json:"raw"`
}

// faulty is a JSON codec with one thing wrong.
type faulty struct {
	encode func(record) ([]byte, error)
	decode func([]byte) (record, error)
}

func (f faulty) Encode(r record) ([]byte, error) {
	if f.encode != nil {
		return f.encode(r)
	}
	return json.Marshal(r)
}

func (f faulty) Decode(data []byte) (record, error) {
	if f.decode != nil {
		return f.decode(data)
	}
	return codec.JSON[record]{}.Decode(data)
}

func suiteOf(c codec.Codec[record]) Suite[record] {
	return Suite[record]{
		Codec: c,
		Values: []record{{},
			{Name: "ann", Tags: []string{"z", "a"}, Raw: []byte("hunter2")}, {Name: "bob"}},
		Corrupt: [][]byte{nil, []byte("null"), []byte(`{"name":3}`),
			[]byte(`{"name":"hunter2`)},
		SelfDelimiting: true,
		Secrets:        []string{"hunter2"},
	}
}

// failures returns the names of the checks that failed. It omits ManyGoroutines: the broken codecs
// would race there, and -race would fail these tests instead of the check.
func failures[V any](s Suite[V]) []string {
	var failed []string
	for _, f := range found(s.checks()) {
		failed = append(failed, f.Check)
	}
	return failed
}

func found(checks []check) []Fault {
	return faults(slices.DeleteFunc(checks, func(c check) bool {
		return c.name == "ManyGoroutines"
	}))
}

func TestSoundCodecPasses(t *testing.T) {
	suiteOf(faulty{}).Run(t)
	if failed := failures(suiteOf(faulty{})); len(failed) > 0 {
		t.Errorf("a sound codec fails %v", failed)
	}
}

func TestEachFaultIsFound(t *testing.T) {
	strict := codec.JSON[record]{}
	var shared bytes.Buffer
	tests := []struct {
		name  string
		codec faulty
		want  string
	}{
		{"loses a field", faulty{encode: func(r record) ([]byte, error) {
			r.Tags = nil
			return json.Marshal(r)
		}}, "RoundTrip"},
		{"reuses its buffer", faulty{encode: func(r record) ([]byte, error) {
			shared.Reset()
			err := json.NewEncoder(&shared).Encode(r)
			return bytes.TrimSpace(shared.Bytes()), err
		}}, "EncodedBytesBelongToTheCaller"},
		{"returns a shared slice", faulty{encode: cachingEncode()},
			"EncodedBytesBelongToTheCaller"},
		{"sorts the value before it writes", faulty{encode: func(r record) ([]byte, error) {
			sort.Strings(r.Tags)
			return json.Marshal(r)
		}}, "EncodeLeavesTheValueAlone"},
		{"wipes the value after it has written", faulty{encode: func(r record) ([]byte, error) {
			data, err := json.Marshal(r)
			clear(r.Raw)
			return data, err
		}}, "EncodeLeavesTheValueAlone"},
		{"modifies its input", faulty{decode: func(data []byte) (record, error) {
			r, err := strict.Decode(data)
			clear(data)
			return r, err
		}}, "DecodeLeavesItsInputAlone"},
		{"ignores truncation", faulty{decode: func(data []byte) (record, error) {
			r, err := strict.Decode(data)
			if err != nil && len(data) > 20 {
				return r, nil
			}
			return r, err
		}}, "TruncatedInput"},
		{"ignores what is behind the value", faulty{decode: func(data []byte) (record, error) {
			return strict.Decode(bytes.TrimRight(data, "\x00"))
		}}, "TruncatedInput"},
		{"accepts null", faulty{decode: func(data []byte) (r record, err error) {
			return r, errors.Join(json.Unmarshal(data, &r))
		}}, "CorruptInput"},
		{"panics on truncated input", faulty{decode: func(data []byte) (record, error) {
			if data[len(data)-1] != '}' {
				panic("cut")
			}
			return strict.Decode(data)
		}}, "TruncatedInput"},
		{"panics on a flipped bit", faulty{decode: func(data []byte) (record, error) {
			if len(data) > 0 && data[0] == '{'^0x80 {
				panic("flipped")
			}
			return strict.Decode(data)
		}}, "FlippedBits"},
		{"panics on noise", faulty{decode: func(data []byte) (record, error) {
			if len(data) > 2 && data[0] > 0x80 {
				panic("noise")
			}
			return strict.Decode(data)
		}}, "RandomInput"},
		{"quotes the value", faulty{decode: func(data []byte) (record, error) {
			r, err := strict.Decode(data)
			if err != nil {
				err = fmt.Errorf("decoding %q: %w", data, err)
			}
			return r, err
		}}, "ErrorsQuoteNothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if failed := failures(suiteOf(test.codec)); !slices.Contains(failed, test.want) {
				t.Errorf("failed checks %v, want %s among them", failed, test.want)
			}
		})
	}
}

// cachingEncode returns the same slice again. That is correct until a caller writes into it.
func cachingEncode() func(record) ([]byte, error) {
	known := map[string][]byte{}
	return func(r record) ([]byte, error) {
		key := fmt.Sprint(r)
		if known[key] == nil {
			known[key], _ = json.Marshal(r)
		}
		return known[key], nil
	}
}

// aliasing returns its input and its value as they are.
type aliasing struct{}

func (aliasing) Encode(v []byte) ([]byte, error)    { return v, nil }
func (aliasing) Decode(data []byte) ([]byte, error) { return data, nil }

func TestAliasingIsFound(t *testing.T) {
	values := func() [][]byte { return [][]byte{[]byte("a value"), []byte("another")} }
	failed := failures(Suite[[]byte]{Codec: aliasing{}, Values: values()})
	for _, want := range []string{"DecodeKeepsNothingOfItsInput", "EncodedBytesBelongToTheCaller"} {
		if !slices.Contains(failed, want) {
			t.Errorf("failed checks %v, want %s among them", failed, want)
		}
	}
}

// last gives the latest input to all goroutines. A lock does not make that correct.
type last struct{ inputs chan []byte }

func (l last) Encode(v string) ([]byte, error) { return []byte(v), nil }

func (l last) Decode(data []byte) (string, error) {
	select {
	case other := <-l.inputs:
		l.inputs <- bytes.Clone(data)
		return string(other), nil
	default:
		return string(data), nil
	}
}

func TestSharedStateIsFound(t *testing.T) {
	l := last{make(chan []byte, 1)}
	s := Suite[string]{Codec: l, Values: []string{"a", "b"}}
	p := &probe[string]{suite: s}
	if err := p.roundTrips(); err != nil {
		t.Fatal(err)
	}
	l.inputs <- []byte("a")
	if p.manyGoroutines() == nil {
		t.Error("values that reach the wrong goroutine go unnoticed")
	}
}

func TestEqual(t *testing.T) {
	fold := Suite[string]{Codec: upper{}, Values: []string{"Ann"}}
	if failed := failures(fold); !slices.Contains(failed, "RoundTrip") {
		t.Errorf("failed checks %v without Equal, want RoundTrip", failed)
	}
	fold.Equal = strings.EqualFold
	if failed := failures(fold); len(failed) > 0 {
		t.Errorf("failed checks %v in spite of Equal", failed)
	}
	if !reflect.DeepEqual(fold.Values, []string{"Ann"}) {
		t.Errorf("the suite changed its values to %v", fold.Values)
	}
}

type upper struct{ codec.String }

func (upper) Encode(v string) ([]byte, error) { return []byte(strings.ToUpper(v)), nil }

// cloning is a correct codec with a Clone.
type cloning struct {
	faulty
	clone func(record) record
}

func (c cloning) Clone(r record) record { return c.clone(r) }

func TestClonesThatShareAreFound(t *testing.T) {
	deep := func(r record) record {
		r.Tags, r.Raw = slices.Clone(r.Tags), bytes.Clone(r.Raw)
		return r
	}
	for name, test := range map[string]struct {
		clone func(record) record
		sound bool
	}{
		"deep":         {deep, true},
		"the value":    {func(r record) record { return r }, false},
		"shares a tag": {func(r record) record { r.Raw = bytes.Clone(r.Raw); return r }, false},
		"loses a tag":  {func(r record) record { r = deep(r); r.Tags = nil; return r }, false},
	} {
		failed := failures(suiteOf(cloning{clone: test.clone}))
		if found := slices.Contains(failed, "ClonesShareNothing"); found == test.sound {
			t.Errorf("%s: failed checks %v", name, failed)
		}
	}
}
