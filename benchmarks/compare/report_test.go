package compare

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sample is a report of known figures: two codecs and one that failed, and a group in which none is
// left.
func sample() *Report {
	return &Report{
		Time: time.Date(2026, 11, 24, 12, 0, 0, 0,
			time.UTC), Host: "some CPU, 2 cores", Server: "Redis 7.0.15, standalone",
		Rounds: 40, Parallel: 8, Memory: "MEMORY USAGE", Rule: "the shortest <b>",
		Results: []Result{
			{Name: "tweets & <script>", Note: "As found.", Records: 100, Best: "json",
				Why: "it is <faster>", Codecs: []Figures{
					{
						Name: "json", Type: "Tweet", Bytes: 631, RedisBytes: 791, Encode: Cost{1660,
							10.9}, Decode: Cost{4950, 33.9},
						Set: Calls{7060, 36100, 194646}, Get: Calls{10200, 42700, 142470},
					},
					{
						Name: "<proto>", Type: "*pb.Tweet", Bytes: 397.5, RedisBytes: 530,
						Encode: Cost{1170, 13}, Decode: Cost{1300, 37.9},
						Set: Calls{6730, 30900, 192452}, Get: Calls{6630, 35000, 196943},
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

// The names and units of the JSON are for programs, so they stay.
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
            "allocs": 10.9
          },
          "decode": {
            "ns": 4950,
            "allocs": 33.9
          },
          "set": {
            "p50_ns": 7060,
            "p99_ns": 36100,
            "per_second": 194646
          },
          "get": {
            "p50_ns": 10200,
            "p99_ns": 42700,
            "per_second": 142470
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

// More codecs than colours, and figures that are zero.
func TestChartsOfManyCodecs(t *testing.T) {
	r := &Report{Results: []Result{{Name: "many", Best: "a"}}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g",
		"a name that is too long for a chart"} {
		r.Results[0].Codecs = append(r.Results[0].Codecs, Figures{Name: name})
	}
	html := pageOf(t, r)
	if strings.Contains(html, "NaN") || strings.Contains(html, "Inf") {
		t.Error("a chart of zeros is drawn at NaN")
	}
	if svg := html[strings.Index(html, "<svg"):strings.Index(html, "</svg>")]; !strings.Contains(
		svg, ">a name that is …<") {
		t.Errorf("no name that is cut to fit in\n%s", svg)
	}
	for _, m := range regexp.MustCompile(`var\(--codec(\d+)\)`).FindAllStringSubmatch(html, -1) {
		if m[1] > "5" {
			t.Fatalf("--codec%s has no colour", m[1])
		}
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
