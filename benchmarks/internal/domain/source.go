package domain

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// source generates the parts of a record.
type source struct{ *rand.Rand }

// generate returns n records. With the same seed, a longer list begins with the shorter one.
func generate[V any](n int, seed uint64, one func(source) V) []V {
	s := source{rand.New(rand.NewPCG(seed, 0))}
	all := make([]V, n)
	for i := range all {
		all[i] = one(s)
	}
	return all
}

func pick[T any](s source, list []T) T { return list[s.IntN(len(list))] }

// some returns n of the texts, each at most once.
func (s source) some(list []string, n int) []string {
	out := make([]string, n)
	for i, at := range s.Perm(len(list))[:n] {
		out[i] = list[at]
	}
	return out
}

func (s source) chance(p float64) bool { return s.Float64() < p }

func (s source) bytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(s.Uint32())
	}
	return out
}

// hex returns an id of n bytes in hexadecimal, like a token.
func (s source) hex(n int) string { return hex.EncodeToString(s.bytes(n)) }

// snowflake returns an id beyond 2^53, which a float64 cannot hold.
func (s source) snowflake() int64 { return 1<<60 + s.Int64N(1<<59) }

// time returns a time in 2024 or 2025, in milliseconds.
func (s source) time() time.Time {
	const span = 2 * 365 * 24 * time.Hour
	return time.Date(2024, 1, 1, 0, 0, 0, 0,
		time.UTC).Add(time.Duration(s.Int64N(int64(span)))).Truncate(time.Millisecond)
}

func (s source) handle(first, last string) string {
	ascii := func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}
	return fmt.Sprintf("%s%s%d", strings.Map(ascii, strings.ToLower(first)),
		strings.Map(ascii, strings.ToLower(last)), s.IntN(100))
}

func (s source) sentence() string {
	return fmt.Sprintf("%s %s %s %s.", pick(s, subjects), pick(s, verbs), pick(s, objects),
		pick(s, endings))
}

func (s source) text(sentences int) string {
	parts := make([]string, sentences)
	for i := range parts {
		parts[i] = s.sentence()
	}
	return strings.Join(parts, " ")
}
