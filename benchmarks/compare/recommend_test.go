package compare

import (
	"testing"
	"time"
)

func TestRecommend(t *testing.T) {
	us := func(name string, set, get, bytes float64) Figures {
		return Figures{Name: name, Bytes: bytes, Set: Calls{P50: time.Duration(set * 1000)},
			Get: Calls{P50: time.Duration(get * 1000)}}
	}
	failed := us("broken", 1, 1, 1)
	failed.Error = "record 0: lost"
	for _, tt := range []struct {
		name   string
		codecs []Figures
		best   string
		why    string
	}{
		{"fastest", []Figures{us("a", 60, 60, 100), us("b", 50, 50, 300)}, "b",
			"100 µs for a Set and a Get, 300 B per record; the next, a, is 20.0 % slower and " +
				"has 100 B"},
		{"Set and Get count equally", []Figures{us("a", 20, 80, 100), us("b", 70, 10, 300)}, "b",
			"80.0 µs for a Set and a Get, 300 B per record; the next, a, is 25.0 % slower and " +
				"has 100 B"},
		{"tie, the smaller is slower", []Figures{us("a", 50, 50, 300), us("b", 50, 54.9, 200)}, "b",
			"105 µs for a Set and a Get, 200 B per record; a is 4.9 % faster, which counts as a " +
				"tie, and has 300 B"},
		{"tie, the smaller is faster", []Figures{us("a", 50, 54, 300), us("b", 50, 50, 200)}, "b",
			"100 µs for a Set and a Get, 200 B per record; a is 4.0 % slower, which counts as a " +
				"tie, and has 300 B"},
		{"5 % is no tie", []Figures{us("a", 50, 50, 300), us("b", 50, 55, 200)}, "a",
			"100 µs for a Set and a Get, 300 B per record; the next, b, is 5.0 % slower and " +
				"has 200 B"},
		{"ties are with the fastest, not in a chain",
			[]Figures{us("a", 50, 50, 300), us("b", 50, 54, 200), us("c", 50, 58, 100)}, "b",
			"104 µs for a Set and a Get, 200 B per record; a is 4.0 % faster, which counts as a " +
				"tie, and has 300 B"},
		{"tie in size too", []Figures{us("a", 50, 52, 100), us("b", 50, 50, 100)}, "b",
			"100 µs for a Set and a Get, 100 B per record; a is 2.0 % slower, which counts as a " +
				"tie, and has 100 B"},
		{"equal in time and size", []Figures{us("a", 50, 50, 100), us("b", 50, 50, 100)}, "a",
			"100 µs for a Set and a Get, 100 B per record; b is 0.0 % slower, which counts as a " +
				"tie, and has 100 B"},
		{"a failed codec is ignored", []Figures{failed, us("a", 50, 50, 300)}, "a",
			"100 µs for a Set and a Get, 300 B per record; no other codec was measured"},
		{"none", []Figures{failed}, "", "no codec gives every record back"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]Figures(nil), tt.codecs...)
			best, why := recommend(tt.codecs)
			if best != tt.best || why != tt.why {
				t.Errorf("%q: %q\nwant %q: %q", best, why, tt.best, tt.why)
			}
			for i := range before {
				if tt.codecs[i] != before[i] {
					t.Fatal("recommend changes the order of the codecs")
				}
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 0.123: "0.12", 9.876: "9.88", 12.34: "12.3",
		123.4: "123", 1234: "1234", 12345: "12,345", 123456: "123,456"} {
		if got := number(x); got != want {
			t.Errorf("number(%v) = %q, want %q", x, got, want)
		}
	}
}
