package env

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/activettl/rediscache/ttl"
)

// Database is the number of a database.
type Database int

// EnvDecode implements envconfig.Decoder.
func (d *Database) EnvDecode(s string) error {
	n, ok := number(s, 0, math.MaxInt32)
	if !ok {
		return Takes("the number of a database, 0 or more")
	}
	*d = Database(n)
	return nil
}

// MaxPoolSize is the largest PoolSize. A pool that is much larger could not be allocated.
const MaxPoolSize = 100_000

// PoolSize is a number of connections.
type PoolSize int

// EnvDecode implements envconfig.Decoder.
func (p *PoolSize) EnvDecode(s string) error {
	n, ok := number(s, 1, MaxPoolSize)
	if !ok {
		return Takes("a number of connections, from 1 to 100000")
	}
	*p = PoolSize(n)
	return nil
}

func number(s string, least, most int) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil && least <= n && n <= most
}

// Duration is whole seconds or a Go duration, at least the shortest TTL of Redis.
type Duration time.Duration

// EnvDecode implements envconfig.Decoder.
func (d *Duration) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	value, err := time.ParseDuration(s)
	if n, notSeconds := strconv.ParseInt(s, 10, 64); notSeconds == nil {
		value, err = time.Duration(n)*time.Second, nil
		if value/time.Second != time.Duration(n) {
			value = 0 // it overflows
		}
	}
	if err != nil || ttl.Check(value) != nil {
		return Takes("seconds, such as 3600, or a Go duration, such as 90m, of at least 1ms")
	}
	*d = Duration(value)
	return nil
}

// Timeout is a Duration of at most 5 minutes. The limit detects values in milliseconds: 5000 would
// be 83 minutes.
type Timeout time.Duration

// EnvDecode implements envconfig.Decoder.
func (t *Timeout) EnvDecode(s string) error {
	var d Duration
	if d.EnvDecode(s) != nil || time.Duration(d) > 5*time.Minute {
		return Takes("seconds, such as 2, or a Go duration, such as 900ms, from 1ms to 5m")
	}
	*t = Timeout(d)
	return nil
}

// Size is a number of bytes, with or without a unit: 67108864, 64MiB, 64Mi, 64 MB.
type Size int64

var units = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40, // as in Kubernetes
}

// EnvDecode implements envconfig.Decoder.
func (z *Size) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	digits := strings.TrimRight(s, "bBiIkKmMgGtT \t")
	unit, known := units[strings.ToLower(strings.TrimSpace(s[len(digits):]))]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 1 || n > math.MaxInt64/unit {
		return Takes("a number of bytes, such as 67108864, 64MiB or 64MB")
	}
	*z = Size(n * unit)
	return nil
}

// Fraction is a number from 0 to less than 1, or a percentage such as 10%.
type Fraction float64

// EnvDecode implements envconfig.Decoder.
func (f *Fraction) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	number, percent := strings.CutSuffix(s, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		value /= 100
	}
	if err != nil || !(value >= 0 && value < 1) { // this form refuses NaN too
		return Takes("a fraction, such as 0.1 or 10%, less than 1")
	}
	*f = Fraction(value)
	return nil
}
