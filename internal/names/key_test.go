package names_test

import (
	"math"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/names"
)

type (
	userID  int64
	slug    string
	octet   uint8
	onlyOut string // has MarshalText and no UnmarshalText: its kind is used
	failing string
)

func (o onlyOut) MarshalText() ([]byte, error) { return []byte("<" + o + ">"), nil }

func (failing) MarshalText() ([]byte, error)  { return nil, &url.Error{URL: "secret"} }
func (*failing) UnmarshalText(b []byte) error { return nil }

// roundTrip checks the text of a key, and that Parse returns the key for that text.
func roundTrip[K comparable](t *testing.T, k K, want string) {
	t.Helper()
	c, err := names.For[K]()
	if err != nil {
		t.Fatalf("For[%T]() = %v", k, err)
	}
	got, err := c.Append([]byte("users:"), k)
	if err != nil || string(got) != "users:"+want {
		t.Errorf("Append(%v) = %q, %v, want %q", k, got, err, "users:"+want)
	}
	back, err := c.Parse(want)
	if err != nil || back != k {
		t.Errorf("Parse(%q) = %v, %v, want %v", want, back, err, k)
	}
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, "ann", "ann")
	roundTrip(t, "a:b *?[]{}\n\x00\xff", "a:b *?[]{}\n\x00\xff")
	roundTrip(t, strings.Repeat("k", names.MaxBytes), strings.Repeat("k", names.MaxBytes))
	roundTrip(t, slug("hello"), "hello")
	roundTrip(t, onlyOut("x"), "x")
	roundTrip(t, 42, "42")
	roundTrip(t, int8(-128), "-128")
	roundTrip(t, int64(math.MinInt64), "-9223372036854775808")
	roundTrip(t, userID(7), "7")
	roundTrip(t, uint64(math.MaxUint64), "18446744073709551615")
	roundTrip(t, octet(255), "255")
	roundTrip(t, netip.MustParseAddr("::1"), "::1")
}

func refused[K comparable](t *testing.T) {
	t.Helper()
	if c, err := names.For[K](); err == nil {
		t.Errorf("For returned %+v for a type that it should refuse", c)
	} else if !strings.Contains(err.Error(), "key type") {
		t.Errorf("For() = %v, want an error that names the key type", err)
	}
}

func TestForRefuses(t *testing.T) {
	refused[float64](t)
	refused[bool](t)
	refused[struct{ A, B int }](t)
	refused[[2]string](t)
	refused[*string](t)
	refused[any](t)
	refused[time.Time](t)
	refused[struct{ P *int }](t)
	refused[*netip.Addr](t)
	refused[chan int](t)
}

func TestAppendRefuses(t *testing.T) {
	c, _ := names.For[string]()
	if _, err := c.Append(nil, ""); err == nil {
		t.Error("Append took an empty key")
	}
	if _, err := c.Append(nil, strings.Repeat("k", names.MaxBytes+1)); err == nil {
		t.Error("Append took a key that is too long")
	}
	f, _ := names.For[failing]()
	if _, err := f.Append(nil, "x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Append = %v, want an error without the text of MarshalText's", err)
	}
}

func parseRefuses[K comparable](t *testing.T, texts ...string) {
	t.Helper()
	c, err := names.For[K]()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if k, err := c.Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, k)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	parseRefuses[int](t, "", "x", "007", "+7", "-0", "1.0", " 1", "9223372036854775808")
	parseRefuses[int8](t, "128", "-129")
	parseRefuses[octet](t, "256", "-1")
	parseRefuses[string](t, "")
	parseRefuses[netip.Addr](t, "", "nowhere", "0:0:0:0:0:0:0:1")
}

func TestAppendAllocates(t *testing.T) {
	c, _ := names.For[int64]()
	buf := make([]byte, 0, 64)
	id := int64(1 << 40)
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Append(buf, id) }); n != 0 {
		t.Errorf("Append of an integer makes %v allocations, want 0", n)
	}
}

// parses checks that Parse accepts a text only if Append writes the key as this text.
func parses[K comparable](t *testing.T, s string) {
	t.Helper()
	c, err := names.For[K]()
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.Parse(s)
	if err != nil {
		return
	}
	if back, err := c.Append(nil, k); err != nil || string(back) != s {
		t.Errorf("%q parses to %v, which is written %q, %v", s, k, back, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "0", "-1", "-0", "007", "\xff", "::1", "::ffff:1.2.3.4", "fe80::1%eth0",
		"9223372036854775807", "18446744073709551615", "255",
		"2026-11-23T00:00:00Z", "2026-11-23T24:00:00+25:00", strings.Repeat("k", names.MaxBytes+1),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parses[int64](t, s)
		parses[int8](t, s)
		parses[userID](t, s)
		parses[uint64](t, s)
		parses[octet](t, s)
		parses[slug](t, s)
		parses[netip.Addr](t, s)
		parses[netip.Prefix](t, s)
		if text, ok := strings.CutPrefix(s, "k"); ok && text != "" && len(s) <= names.MaxBytes {
			roundTrip(t, slug(s), s)
		}
	})
}
