package compare

import (
	"strconv"
	"strings"
	"time"
)

// metric is a column of both tables: WriteTable's, whose heads are short, and the page's, which has
// two rows of heads.
type metric struct {
	column     string // head in WriteTable
	group      string // first head on the page; neighbours with the same one share it
	unit       string // second head on the page
	moreIsGood bool
	value      func(Figures) float64             // in the unit
	spread     func(Figures) (low, high float64) // quartiles of the rounds; nil if there are none
}

// metrics returns the columns that the report has figures for.
func (r *Report) metrics() []metric {
	parallel := plural(r.Parallel, "goroutine")
	all := []metric{
		{"bytes", "Size", "bytes", false,
			func(f Figures) float64 { return f.Bytes }, nil},
		{"encode", "Encode", "µs", false,
			func(f Figures) float64 { return us(f.Encode.Time) },
			func(f Figures) (float64, float64) { return us(f.Encode.Q1), us(f.Encode.Q3) }},
		{"allocs", "Encode", "allocations", false,
			func(f Figures) float64 { return f.Encode.Allocs }, nil},
		{"decode", "Decode", "µs", false,
			func(f Figures) float64 { return us(f.Decode.Time) },
			func(f Figures) (float64, float64) { return us(f.Decode.Q1), us(f.Decode.Q3) }},
		{"allocs", "Decode", "allocations", false,
			func(f Figures) float64 { return f.Decode.Allocs }, nil},
		{"Set p50", "Set, 1 goroutine", "p50, µs", false,
			func(f Figures) float64 { return us(f.Set.P50) },
			func(f Figures) (float64, float64) { return us(f.Set.P50Q1), us(f.Set.P50Q3) }},
		{"p99", "Set, 1 goroutine", "p99, µs", false,
			func(f Figures) float64 { return us(f.Set.P99) }, nil},
		{"Get p50", "Get, 1 goroutine", "p50, µs", false,
			func(f Figures) float64 { return us(f.Get.P50) },
			func(f Figures) (float64, float64) { return us(f.Get.P50Q1), us(f.Get.P50Q3) }},
		{"p99", "Get, 1 goroutine", "p99, µs", false,
			func(f Figures) float64 { return us(f.Get.P99) }, nil},
		{"Set/s", parallel, "Set, calls/s", true,
			func(f Figures) float64 { return f.Set.PerSecond },
			func(f Figures) (float64, float64) { return f.Set.PerSecondQ1, f.Set.PerSecondQ3 }},
		{"Get/s", parallel, "Get, calls/s", true,
			func(f Figures) float64 { return f.Get.PerSecond },
			func(f Figures) (float64, float64) { return f.Get.PerSecondQ1, f.Get.PerSecondQ3 }},
	}
	if r.hasMemory() {
		all = append(all, metric{"in Redis", "In Redis", "bytes", false,
			func(f Figures) float64 { return f.RedisBytes }, nil})
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

// number formats a figure with three digits, or as an integer if it is larger: 1.23, 12.3, 123,
// 1234, 12,345.
func number(x float64) string {
	switch {
	case x < 10:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 100:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(x, 'f', 0, 64)
	if len(digits) < 5 {
		return digits
	}
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

func micros(d time.Duration) string { return number(us(d)) + " µs" }

// plural returns "1 round" and "2 rounds".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
