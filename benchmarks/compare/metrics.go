package compare

import (
	"strconv"
	"time"
)

// metric is a column of the table and a chart of the page.
type metric struct {
	title  string // of the chart
	column string // of the table
	better string
	value  func(Figures) float64 // in the unit of the title
}

const (
	lower  = "lower is better"
	higher = "higher is better"
)

// metrics are those that the report has figures of.
func (r *Report) metrics() []metric {
	all := []metric{
		{"Size, bytes", "bytes", lower, func(f Figures) float64 { return f.Bytes }},
		{"Encode, µs", "encode", lower, func(f Figures) float64 { return us(f.Encode.Time) }},
		{"Encode, allocations", "allocs", lower, func(f Figures) float64 {
			return f.Encode.Allocs
		}},
		{"Decode, µs", "decode", lower, func(f Figures) float64 { return us(f.Decode.Time) }},
		{"Decode, allocations", "allocs", lower, func(f Figures) float64 {
			return f.Decode.Allocs
		}},
		{"Set p50, µs", "Set p50", lower, func(f Figures) float64 { return us(f.Set.P50) }},
		{"Set p99, µs", "p99", lower, func(f Figures) float64 { return us(f.Set.P99) }},
		{"Get p50, µs", "Get p50", lower, func(f Figures) float64 { return us(f.Get.P50) }},
		{"Get p99, µs", "p99", lower, func(f Figures) float64 { return us(f.Get.P99) }},
		{"Set, calls per second", "Set/s", higher, func(f Figures) float64 {
			return f.Set.PerSecond
		}},
		{"Get, calls per second", "Get/s", higher, func(f Figures) float64 {
			return f.Get.PerSecond
		}},
	}
	if r.hasMemory() {
		all = append(all,
			metric{"Memory in Redis, bytes", "in Redis", lower, func(f Figures) float64 {
				return f.RedisBytes
			}})
	}
	return all
}

func (r *Report) hasMemory() bool {
	for _, result := range r.Results {
		for _, f := range result.Codecs {
			if f.RedisBytes > 0 {
				return true
			}
		}
	}
	return false
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// number writes a figure with three digits or more, and no more than say something.
func number(x float64) string {
	switch {
	case x < 10:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 100:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(x, 'f', 0, 64)
	if n := len(digits) - 3; n >= 2 { // 12,345 but 1234
		digits = digits[:n] + "," + digits[n:]
	}
	return digits
}

func micros(d time.Duration) string { return number(us(d)) + " µs" }
