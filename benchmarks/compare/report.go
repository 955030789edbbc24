package compare

import (
	"encoding/json"
	"io"
	"time"
)

// Report is what Run measured. Its JSON form, by WriteJSON, has the names in the tags; they say the
// units.
type Report struct {
	Time     time.Time `json:"time"`
	Host     string    `json:"host"`              // processor, system, Go version
	Server   string    `json:"server"`            // "Redis 7.0.15, standalone"
	Rounds   int       `json:"rounds"`            // see Options.Rounds
	Parallel int       `json:"parallel"`          // goroutines of PerSecond
	Memory   string    `json:"memory"`            // what RedisBytes is, or why there is none
	Rule     string    `json:"rule"`              // of the recommendations
	Caution  string    `json:"caution,omitempty"` // where the rounds are too few to choose by
	Results  []Result  `json:"results"`
}

// Result is a Group, measured.
type Result struct {
	Name    string    `json:"name"`
	Note    string    `json:"note,omitempty"`
	Records int       `json:"records"`
	Codecs  []Figures `json:"codecs"`

	// Best is the name of the codec that Rule chooses, and Why says by how much.
	// Best is empty if no codec passed the check.
	Best string `json:"best"`
	Why  string `json:"why"`
}

// Figures are what was measured of a codec, per record. If there is an Error all are zero, and left
// out of the JSON.
type Figures struct {
	Name string `json:"codec"`
	Type string `json:"type"` // Go type of the records
	// why the codec was not measured, and the record
	Error string  `json:"error,omitempty"`
	Bytes float64 `json:"bytes,omitzero"` // encoded, mean of the records
	// memory in the server, mean; zero if Report.Memory says not measured
	RedisBytes float64 `json:"redis_bytes,omitzero"`
	Encode     Cost    `json:"encode,omitzero"`
	Decode     Cost    `json:"decode,omitzero"`
	Set        Calls   `json:"set,omitzero"`
	Get        Calls   `json:"get,omitzero"`
}

// Cost is what a call costs this process.
type Cost struct {
	Time   time.Duration `json:"ns"`     // median of the rounds
	Allocs float64       `json:"allocs"` // median of the rounds
}

// Calls are calls of a cache, with the codec and the server in them.
type Calls struct {
	P50 time.Duration `json:"p50_ns"` // of single calls, one goroutine
	P99 time.Duration `json:"p99_ns"` // of the same calls
	// of Report.Parallel goroutines together, median of the rounds
	PerSecond float64 `json:"per_second"`
}

// WriteJSON writes the report as indented JSON, for machines.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// mean returns the mean length, to a tenth of a byte.
func mean(encoded [][]byte) float64 {
	total := 0
	for _, data := range encoded {
		total += len(data)
	}
	return round1(float64(total) / float64(len(encoded)))
}

func longest(encoded [][]byte) int {
	n := 0
	for _, data := range encoded {
		n = max(n, len(data))
	}
	return n
}
