package compare

import (
	"encoding/json"
	"io"
	"time"
)

// Report is the result of Run. The JSON names say the units.
type Report struct {
	Time     time.Time `json:"time"`
	Host     string    `json:"host"`              // processor, system, Go version
	Server   string    `json:"server"`            // such as "Redis 7.0.15, standalone"
	Rounds   int       `json:"rounds"`            // see Options.Rounds
	Parallel int       `json:"parallel"`          // goroutines of PerSecond
	Memory   string    `json:"memory"`            // what RedisBytes includes, or why it is missing
	Rule     string    `json:"rule"`              // the constant Rule
	Caution  string    `json:"caution,omitempty"` // if the rounds are too few to choose a codec
	Results  []Result  `json:"results"`
}

// Result holds the figures of a Group.
type Result struct {
	Name    string    `json:"name"`
	Note    string    `json:"note,omitempty"`
	Records int       `json:"records"`
	Codecs  []Figures `json:"codecs"`

	// Best is the name of the codec that Rule chooses, or empty if no codec passed the check. Why
	// is the reason, with figures.
	Best string `json:"best"`
	Why  string `json:"why"`
}

// Figures are the measurements of a codec, per record. If Error is set, all of them are zero and
// absent from the JSON.
type Figures struct {
	Name string `json:"codec"`
	Type string `json:"type"` // Go type of the records
	// the reason why the codec was not measured, with the index of the record
	Error string  `json:"error,omitempty"`
	Bytes float64 `json:"bytes,omitzero"` // encoded size, mean of the records
	// memory in Redis, mean of the records; zero if it was not measured, see Report.Memory
	RedisBytes float64 `json:"redis_bytes,omitzero"`
	Encode     Cost    `json:"encode,omitzero"`
	Decode     Cost    `json:"decode,omitzero"`
	Set        Calls   `json:"set,omitzero"`
	Get        Calls   `json:"get,omitzero"`
}

// Cost is the cost of a call of the codec alone.
type Cost struct {
	Time   time.Duration `json:"ns"`    // median of the rounds
	Q1     time.Duration `json:"q1_ns"` // lower and upper quartile of the rounds
	Q3     time.Duration `json:"q3_ns"`
	Allocs float64       `json:"allocs"` // of the whole process, median of the rounds
}

// Calls are the figures of Set or Get through a cache: codec and server together.
type Calls struct {
	// Single calls by one goroutine: median and quartiles of the rounds' p50.
	P50   time.Duration `json:"p50_ns"`
	P50Q1 time.Duration `json:"p50_q1_ns"`
	P50Q3 time.Duration `json:"p50_q3_ns"`
	P99   time.Duration `json:"p99_ns"` // of the same calls, in all rounds together

	// Calls of Report.Parallel goroutines together: median and quartiles of the rounds.
	PerSecond   float64 `json:"per_second"`
	PerSecondQ1 float64 `json:"per_second_q1"`
	PerSecondQ3 float64 `json:"per_second_q3"`
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// mean returns the mean length, rounded to a tenth of a byte.
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
