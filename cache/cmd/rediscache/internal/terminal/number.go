package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Number formats a number with commas.
func Number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Count formats a number of things: "1 record", "2 records".
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Number(n) + " " + thing
}

// Bytes formats a size, with about three digits.
func Bytes(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/(1<<10), 0
	for size >= 999.5 && unit < len(units)-1 {
		size, unit = size/(1<<10), unit+1
	}
	digits := 0
	if size < 9.95 {
		digits = 1
	}
	text := strings.TrimSuffix(strconv.FormatFloat(size, 'f', digits, 64), ".0")
	return text + " " + units[unit]
}

var units = []string{"KiB", "MiB", "GiB", "TiB"}

// Duration formats a time with its two largest units. From one minute on, it cuts off fractions of
// a second.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Truncate(time.Millisecond).String()
	case d < time.Minute:
		return d.Truncate(10 * time.Millisecond).String()
	}
	var parts []string
	for _, unit := range []struct {
		name string
		d    time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		n := d / unit.d
		d -= n * unit.d
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, unit.name))
		} else if len(parts) > 0 {
			break
		}
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}

// Done formats a number of things to which something has happened. Done(2, "record removed") is "2
// records removed".
func Done(n int, done string) string {
	thing, what, _ := strings.Cut(done, " ")
	return Count(n, thing) + " " + what
}
