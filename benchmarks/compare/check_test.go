package compare

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/activettl/rediscache/codec"
)

// tampering is a codec that treats the record with ID 3 differently.
type tampering struct {
	codec.JSON[note]
	encode func(note) ([]byte, error)
	decode func(note) (note, error)
}

func (c tampering) Encode(v note) ([]byte, error) {
	if v.ID == 3 && c.encode != nil {
		return c.encode(v)
	}
	return c.JSON.Encode(v)
}

func (c tampering) Decode(data []byte) (note, error) {
	v, err := c.JSON.Decode(data)
	if v.ID == 3 && c.decode != nil {
		return c.decode(v)
	}
	return v, err
}

func TestCodecsThatFail(t *testing.T) {
	bad := errors.New("no threes")
	for _, tt := range []struct {
		name  string
		codec tampering
		is    error
		want  string
	}{
		{"loses a field", tampering{decode: func(v note) (note, error) {
			v.Text = ""
			return v, nil
		}}, ErrLossy, "the record does not come back equal"},
		{"does not encode", tampering{encode: func(note) ([]byte, error) {
			return nil, bad
		}}, bad, "encode: no threes"},
		{"does not decode", tampering{decode: func(note) (note, error) {
			return note{}, bad
		}}, bad, "decode: no threes"},
		{"panics", tampering{decode: func(v note) (note, error) {
			panic(v.Text)
		}}, nil, "panic: string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Run(t.Context(),
				noteGroup(Of("own", tt.codec, notes()),
					Of("json", codec.JSON[note]{}, notes())), &Options{Rounds: 1})
			var failed *Error
			if !errors.As(err, &failed) || failed.Group != "notes" || failed.Codec != "own" ||
				failed.Record != 3 {
				t.Fatalf("error %v (%+v), want one of own on record 3 of notes", err, failed)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			if want := "compare: notes, codec own, record 3: " + tt.want; err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
			own, other := r.Results[0].Codecs[0], r.Results[0].Codecs[1]
			if want := (Figures{Name: "own", Type: "compare.note",
				Error: "record 3: " + tt.want}); own != want {
				t.Errorf("figures of own are %+v, want %+v", own, want)
			}
			measured(t, other)
			if r.Results[0].Best != "json" ||
				!strings.HasSuffix(r.Results[0].Why, "no other codec was measured") {
				t.Errorf("the best is %q: %s", r.Results[0].Best, r.Results[0].Why)
			}
			if text := everything(t, r); strings.Contains(text, "secret") {
				t.Errorf("the report shows a value:\n%s", text)
			}
		})
	}
}

func TestNoCodecIsLeft(t *testing.T) {
	lossy := tampering{decode: func(v note) (note, error) { v.Text = ""; return v, nil }}
	last, total := 0, 0
	r, err := Run(t.Context(), noteGroup(Of("a", lossy, notes()), Of("b", lossy, notes())),
		&Options{Progress: func(done, of int) {
			last, total = done, of
		}})
	if !errors.Is(err, ErrLossy) || strings.Count(err.Error(), "record 3") != 2 || last != total {
		t.Errorf("error %v, progress %d of %d", err, last, total)
	}
	if res := r.Results[0]; res.Best != "" || res.Why != "no codec gives every record back" {
		t.Errorf("the best is %q: %s", res.Best, res.Why)
	}
	everything(t, r)
}

// everything is the report in all its forms.
func everything(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := errors.Join(r.WriteTable(&b), r.WriteHTML(&b), r.WriteJSON(&b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type sealed struct{ n int }

type caseless string

func (a caseless) Equal(b caseless) bool { return strings.EqualFold(string(a), string(b)) }

type (
	record struct{ V any }
	hidden struct{ at, v any }
	node   struct{ next *node }
)

// ring is a cycle of n nodes.
func ring(n int) *node {
	first := &node{}
	last := first
	for range n - 1 {
		last.next = &node{}
		last = last.next
	}
	last.next = first
	return first
}

func nested(depth int) any {
	var v any = 1
	for range depth {
		v = []any{v}
	}
	return v
}

func TestEqual(t *testing.T) {
	now := time.Now()
	text := wrapperspb.String("x")
	// Marshal changes the message: it stores its size.
	if _, err := proto.Marshal(text); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		a, b any
		want bool
	}{
		{"same", note{ID: 1}, note{ID: 1}, true},
		{"a field", note{ID: 1}, note{ID: 2}, false},
		{"instant", now, now.Round(0).UTC(), true},
		{"another instant", now, now.Add(1), false},
		{"nil and empty slice", record{[]int(nil)}, record{[]int{}}, true},
		{"nil and empty map", record{map[string]int{}}, record{map[string]int(nil)}, true},
		{"nil and zero pointer", record{(*int)(nil)}, record{new(int)}, false},
		{"NaN", []float64{math.NaN()}, []float64{math.NaN()}, true},
		{"unexported", sealed{1}, sealed{1}, true},
		{"unexported field", sealed{1}, sealed{2}, false},
		{"Equal method", caseless("a"), caseless("A"), true},
		{"Equal method says no", record{caseless("a")}, record{caseless("b")}, false},
		{"type in an any", record{int8(5)}, record{5}, false},
		{"time in an unexported field", hidden{at: now}, hidden{at: now.UTC()}, true},
		{"map in an unexported field", hidden{v: map[sealed]sealed{{1}: {2}}},
			hidden{v: map[sealed]sealed{{1}: {2}}}, true},
		{"another map in an unexported field", hidden{v: map[sealed]sealed{{1}: {2}}},
			hidden{v: map[sealed]sealed{{1}: {3}}}, false},
		{"another key", map[string]int{"a": 1}, map[string]int{"b": 1}, false},
		{"an extra key", map[string]int{"a": 1}, map[string]int{"a": 1, "b": 1}, false},
		{"bytes", []byte("abc"), []byte("abc"), true},
		{"other bytes", []byte("abc"), []byte("abd"), false},
		{"an element", []string{"a", "b"}, []string{"a", "c"}, false},
		{"a missing element", []string{"a", "b"}, []string{"a"}, false},
		{"array", [2]any{1, "x"}, [2]any{1, "x"}, true},
		{"another array", [2]any{1, "x"}, [2]any{1, "y"}, false},
		{"pointers", &sealed{1}, &sealed{1}, true},
		{"nil and nil", record{}, record{}, true},
		{"nil and 0", record{}, record{0}, false},
		{"nil functions", (func())(nil), (func())(nil), true},
		{"functions", func() {}, func() {}, false},
		{"cycle", ring(3), ring(3), true},
		{"deep", nested(5000), nested(5000), true},
		{"type of the same kind in an any", record{time.Duration(5)}, record{int64(5)}, false},
		{"message", text, wrapperspb.String("x"), true},
		{"another message", text, wrapperspb.String("y"), false},
		{"message in a struct", record{text}, record{wrapperspb.String("x")}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := equal(tt.a, tt.b); got != tt.want {
				t.Errorf("equal is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestBadArguments(t *testing.T) {
	good := Of("json", codec.JSON[note]{}, notes())
	var nilCodec *tampering
	for _, tt := range []struct {
		name   string
		groups []Group
		o      *Options
		want   string
	}{
		{"no groups", nil, nil, "there are no groups"},
		{"no name", []Group{{Entries: []Entry{good}}}, nil, "a group has no name"},
		{"name twice", append(noteGroup(good), noteGroup(good)...), nil,
			"two groups are named notes"},
		{"no entries", []Group{{Name: "notes"}}, nil, "notes has no entries"},
		{"zero entry", noteGroup(good, Entry{}), nil, "notes: an Entry is zero: make it with Of"},
		{"codec without name", noteGroup(Of("", codec.JSON[note]{}, notes())), nil,
			"notes: a codec has no name"},
		{"codec twice", noteGroup(good, good), nil, "notes: two codecs are named json"},
		{"no codec", noteGroup(Of[note]("own", nil, notes())), nil,
			"notes: codec own: the codec is nil"},
		{"nil codec", noteGroup(Of[note]("own", nilCodec, notes())), nil,
			"notes: codec own: the codec is nil"},
		{"no records", noteGroup(Of("json", codec.JSON[note]{}, nil)), nil,
			"notes: codec json: there are no records"},
		{"other records", noteGroup(good, Of("own", codec.JSON[note]{}, notes()[1:])), nil,
			"notes: codec own has 19 records and codec json has 20: they must be the same ones"},
		{"rounds", noteGroup(good), &Options{Rounds: -1},
			"Options.Rounds is -1: it must be positive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if r, err := Run(t.Context(), tt.groups, tt.o); r != nil || err == nil ||
				err.Error() != "compare: "+tt.want {
				t.Errorf("got %v, %v, want the error %q", r, err, tt.want)
			}
		})
	}
}
