package codectest

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/codec"
)

type event struct {
	At    time.Time
	Tags  []string
	Ratio float64
	Attrs map[string]any
	Next  *event
}

// losing is a JSON codec that changes a value before it encodes, or after it decodes.
type losing struct{ before, after func(*event) }

func (l losing) Encode(e event) ([]byte, error) {
	if l.before != nil {
		l.before(&e)
	}
	return codec.JSON[event]{}.Encode(e)
}

func (l losing) Decode(data []byte) (event, error) {
	e, err := codec.JSON[event]{}.Decode(data)
	if err == nil && l.after != nil {
		l.after(&e)
	}
	return e, err
}

// TestLossIsOneFault checks that each loss is found once, and that the error names it.
func TestLossIsOneFault(t *testing.T) {
	bern := time.FixedZone("CEST", 7200)
	at := time.Date(2026, 5, 4, 3, 2, 1, 123456789, time.UTC)
	tests := []struct {
		name  string
		codec losing
		want  string
	}{
		{"nanoseconds", losing{before: func(e *event) { e.At = e.At.Truncate(time.Microsecond) }},
			"At lost what is below a microsecond"},
		{"rounded to seconds", losing{before: func(e *event) { e.At = e.At.Round(time.Second) }},
			"At lost what is below a second"},
		{"time zone", losing{after: func(e *event) { e.At = e.At.In(bern) }},
			"At lost its time zone: it is in CEST and was in UTC"},
		{"nil became empty", losing{after: func(e *event) {
			if e.Tags == nil {
				e.Tags = []string{}
			}
		}}, "Tags was nil and is not: nil became empty"},
		{"empty became nil", losing{after: func(e *event) {
			if len(e.Tags) == 0 {
				e.Tags = nil
			}
		}}, "Tags is nil and was not: empty became nil"},
		{"precision", losing{before: func(e *event) { e.Ratio = float64(float32(e.Ratio)) }},
			"Ratio is 0.1"},
		{"a type", losing{after: func(e *event) {
			if n, ok := e.Attrs["n"].(float64); ok {
				e.Attrs["n"] = int(n)
			}
		}}, `Attrs["n"] is int and was float64`},
		{"a key", losing{after: func(e *event) { delete(e.Attrs, "n") }},
			`Attrs has lost the key "n"`},
		{"an inner field", losing{after: func(e *event) {
			if e.Next != nil {
				e.Next.Ratio = 0
			}
		}}, "Next.Ratio is 0 and was 2"},
		{"an element", losing{after: func(e *event) { e.Tags = e.Tags[:len(e.Tags)/2] }},
			"Tags has 1 elements and had 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			values := []event{
				{At: at.Truncate(time.Second)},
				{At: at, Tags: []string{"a", "b"}, Ratio: 0.1, Attrs: map[string]any{"n": 1.0}},
				{At: at.Truncate(time.Second), Tags: []string{}, Next: &event{Ratio: 2}},
			}
			s := Suite[event]{Codec: test.codec, Values: values}
			found := found(s.checks())
			if len(found) != 1 || found[0].Check != "RoundTrip" {
				t.Fatalf("found %v, want RoundTrip alone", found)
			}
			if !strings.Contains(found[0].Err.Error(), test.want) {
				t.Errorf("diagnosis is not %q:\n%v", test.want, found[0].Err)
			}
		})
	}
}

// TestLossHidesNoOtherFault has a codec with two faults. Both must be found.
func TestLossHidesNoOtherFault(t *testing.T) {
	both := faulty{
		encode: func(r record) ([]byte, error) {
			r.Tags = nil
			return json.Marshal(r)
		},
		decode: func(data []byte) (record, error) {
			r, err := codec.JSON[record]{}.Decode(data)
			clear(data)
			return r, err
		},
	}
	want := []string{"RoundTrip", "DecodeLeavesItsInputAlone"}
	if failed := failures(suiteOf(both)); !slices.Equal(failed, want) {
		t.Errorf("failed checks %v, want %v", failed, want)
	}
}

// TestNothingComesBack expects one fault only, and that all checks that need a value are skipped.
func TestNothingComesBack(t *testing.T) {
	for name, c := range map[string]codec.Codec[record]{
		"encodes nothing": faulty{
			encode: func(record) ([]byte, error) { return nil, errTest },
		},
		"decodes nothing": faulty{
			decode: func([]byte) (record, error) { return record{}, errTest },
		},
		"loses more each time": &fading{},
	} {
		if failed := failures(suiteOf(c)); !slices.Equal(failed, []string{"RoundTrip"}) {
			t.Errorf("%s: failed checks %v, want RoundTrip alone", name, failed)
		}
	}
	nan := Suite[float64]{Codec: codec.Codec[float64](bitwise{}), Values: []float64{1, math.NaN()}}
	found := found(nan.checks())
	if len(found) != 1 || !strings.Contains(found[0].Err.Error(), "Suite.Equal is needed") {
		t.Errorf("found %v, want the advice to give Equal", found)
	}
}

var errTest = errors.New("not today")

type fading struct {
	faulty
	count int
}

func (f *fading) Encode(r record) ([]byte, error) {
	f.count++
	r.Name = strings.Repeat("x", f.count%7+1)
	return json.Marshal(r)
}

type bitwise struct{}

func (bitwise) Encode(v float64) ([]byte, error) { return json.Marshal(math.Float64bits(v)) }

func (bitwise) Decode(data []byte) (float64, error) {
	var n uint64
	err := json.Unmarshal(data, &n)
	return math.Float64frombits(n), err
}
