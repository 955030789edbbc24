package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bucket counts the numbers that are above the limit of the bucket before it and not above its own.
type Bucket struct {
	Limit int64 // negative for no limit
	Count int
}

// Histogram counts numbers in buckets with ascending limits. The last bucket has no limit.
type Histogram struct{ buckets []Bucket }

// NewHistogram returns an empty histogram with these limits, and a last bucket without a limit.
func NewHistogram(limits ...int64) *Histogram {
	h := &Histogram{}
	for _, limit := range limits {
		h.buckets = append(h.buckets, Bucket{Limit: limit})
	}
	h.buckets = append(h.buckets, Bucket{Limit: -1})
	return h
}

// Add counts one number.
func (h *Histogram) Add(n int64) {
	i := 0
	for i < len(h.buckets)-1 && n > h.buckets[i].Limit {
		i++
	}
	h.buckets[i].Count++
}

// Buckets returns the buckets from the first to the last one that is not empty.
func (h *Histogram) Buckets() []Bucket {
	first, last := len(h.buckets), -1
	for i, b := range h.buckets {
		if b.Count > 0 {
			first, last = min(first, i), i
		}
	}
	if last < 0 {
		return []Bucket{}
	}
	return h.buckets[first : last+1]
}

// barWidth is the length of the longest bar.
const barWidth = 40

// Write draws the histogram, one line for each bucket. show formats a limit.
func (h *Histogram) Write(w io.Writer, show func(limit int64) string) {
	most, width, digits := 1, 0, 0
	var labels []string
	for _, b := range h.Buckets() {
		label := "more"
		if b.Limit >= 0 {
			label = "up to " + show(b.Limit)
		}
		labels = append(labels, label)
		most, width = max(most, b.Count), max(width, utf8.RuneCountInString(label))
		digits = max(digits, len(Number(b.Count)))
	}
	for i, b := range h.Buckets() {
		bar := b.Count * barWidth / most
		if b.Count > 0 {
			bar = max(bar, 1) // a bucket that is not empty has a bar
		}
		line := fmt.Sprintf("  %-*s  %*s  %s", width, labels[i], digits, Number(b.Count),
			strings.Repeat("#", bar))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}
