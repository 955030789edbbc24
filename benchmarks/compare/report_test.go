package compare

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a report of known figures. It has two codecs and one that failed, and a group with no
// codec that works.
func sample() *Report {
	return &Report{
		Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		Host: "some CPU, 2 cores", Server: "Redis 7.0.15, standalone",
		Rounds: 40, Parallel: 8, Memory: "MEMORY USAGE", Rule: "the shortest <b>",
		Results: []Result{
			{Name: "tweets & <script>", Note: "As found.", Records: 100, Best: "json",
				Why: "it is <faster>", Codecs: []Figures{
					{
						Name: "json", Type: "Tweet", Bytes: 631, RedisBytes: 791,
						Encode: Cost{1660, 1610, 2050, 10.9}, Decode: Cost{4950, 4900, 5300, 33.9},
						Set: Calls{7060, 7010, 7700, 36100, 194646, 190000, 195000},
						Get: Calls{10200, 9900, 12300, 42700, 142470, 120000, 143000},
					},
					{
						Name: "<proto>", Type: "*pb.Tweet", Bytes: 397.5, RedisBytes: 530,
						Encode: Cost{1170, 1100, 1180, 13}, Decode: Cost{1300, 1250, 1400, 37.9},
						Set: Calls{6730, 6700, 6800, 30900, 192452, 188000, 193000},
						Get: Calls{6630, 6600, 6700, 35000, 196943, 190000, 197000},
					},
					{Name: "own", Type: "Tweet", Error: "record 3: lost"},
				}},
			{Name: "none", Records: 1, Why: "no codec gives every record back",
				Codecs: []Figures{{Name: "own", Type: "Tweet", Error: "record 0: lost"}}},
		},
	}
}

func TestWriteTable(t *testing.T) {
	text, err := os.ReadFile("testdata/table.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	var b strings.Builder
	if err := sample().WriteTable(&b); err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
	r := sample()
	for i := range r.Results {
		for j := range r.Results[i].Codecs {
			r.Results[i].Codecs[j].RedisBytes = 0
		}
	}
	b.Reset()
	if err := r.WriteTable(&b); err != nil || strings.Contains(b.String(), "in Redis |") {
		t.Errorf("%v\n%s\nwant no column for memory that nobody measured", err, b.String())
	}
}

// Programs read the JSON, so its names and units must not change.
func TestWriteJSON(t *testing.T) {
	const want = `{
  "time": "2026-11-24T12:00:00Z",
  "host": "some CPU, 2 cores",
  "server": "Redis 7.0.15, standalone",
  "rounds": 40,
  "parallel": 8,
  "memory": "MEMORY USAGE",
  "rule": "the shortest <b>",
  "results": [
    {
      "name": "tweets & <script>",
      "note": "As found.",
      "records": 100,
      "codecs": [
        {
          "codec": "json",
          "type": "Tweet",
          "bytes": 631,
          "redis_bytes": 791,
          "encode": {
            "ns": 1660,
            "q1_ns": 1610,
            "q3_ns": 2050,
            "allocs": 10.9
          },
          "decode": {
            "ns": 4950,
            "q1_ns": 4900,
            "q3_ns": 5300,
            "allocs": 33.9
          },
          "set": {
            "p50_ns": 7060,
            "p50_q1_ns": 7010,
            "p50_q3_ns": 7700,
            "p99_ns": 36100,
            "per_second": 194646,
            "per_second_q1": 190000,
            "per_second_q3": 195000
          },
          "get": {
            "p50_ns": 10200,
            "p50_q1_ns": 9900,
            "p50_q3_ns": 12300,
            "p99_ns": 42700,
            "per_second": 142470,
            "per_second_q1": 120000,
            "per_second_q3": 143000
          }
        }
      ],
      "best": "json",
      "why": "it is <faster>"
    },
    {
      "name": "none",
      "records": 1,
      "codecs": [
        {
          "codec": "own",
          "type": "Tweet",
          "error": "record 0: lost"
        }
      ],
      "best": "",
      "why": "no codec gives every record back"
    }
  ]
}
`
	r := sample()
	r.Results[0].Codecs = r.Results[0].Codecs[:1]
	var b strings.Builder
	if err := r.WriteJSON(&b); err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
	var back Report
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || !equal(*r, back) {
		t.Errorf("%v: read back as %+v", err, back)
	}
}

// The longest bar or whisker is 100 % wide.
func TestBars(t *testing.T) {
	calls := func(p50, q1, q3 time.Duration) Calls { return Calls{P50: p50, P50Q1: q1, P50Q3: q3} }
	codecs := []Figures{
		{Name: "a", Bytes: 631, Set: calls(10, 9, 15), Get: calls(20, 18, 25)},
		{Name: "b", Bytes: 12345, Set: calls(10, 10, 10), Get: calls(10, 10, 10)},
		{Name: "c", Error: "record 0: lost"},
	}
	for i := range codecs { // in µs
		for _, c := range []*Calls{&codecs[i].Set, &codecs[i].Get} {
			c.P50, c.P50Q1, c.P50Q3 = 1000*c.P50, 1000*c.P50Q1, 1000*c.P50Q3
		}
	}
	want := []bar{
		{Name: "a", Total: "30.0", Bytes: "631", Set: 25, Get: 50, Low: 67.5, Spread: 32.5},
		{Name: "b", Total: "20.0", Bytes: "12,345", Best: true, Set: 25, Get: 25, Low: 50},
	}
	if got := bars(codecs, "b"); !slices.Equal(got, want) {
		t.Errorf("bars %+v\nwant %+v", got, want)
	}
	if got := bars([]Figures{{Name: "a"}}, ""); !slices.Equal(got,
		[]bar{{Name: "a", Total: "0.00", Bytes: "0.00"}}) {
		t.Errorf("of a codec that takes no time: %+v", got)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCaution(t *testing.T) {
	for rounds, want := range map[int]bool{fewRounds - 1: true, fewRounds: false} {
		r, err := Run(t.Context(), noteGroup(), &Options{Rounds: rounds})
		if err != nil {
			t.Fatal(err)
		}
		var table, js strings.Builder
		if err := errors.Join(r.WriteTable(&table), r.WriteJSON(&js)); err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"table": table.String(), "page": pageOf(t, r),
			"json": js.String()} {
			if strings.Contains(strings.ToLower(text), "caution") != want {
				t.Errorf("%d rounds, %s: cautions is %v, want %v", rounds, form, !want, want)
			}
		}
	}
}

func TestWriteFails(t *testing.T) {
	r := sample()
	for name, write := range map[string]func(io.Writer) error{"table": r.WriteTable,
		"html": r.WriteHTML, "json": r.WriteJSON} {
		if err := write(broken{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
