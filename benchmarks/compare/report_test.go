package compare

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a report of known figures: two codecs and one that failed, and a group in which none is left.
func sample() *Report {
	return &Report{
		Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Host: "some CPU, 2 cores", Server: "Redis 7.0.15, standalone",
		Rounds: 40, Parallel: 8, Memory: "MEMORY USAGE", Rule: "the shortest <b>",
		Results: []Result{
			{Name: "tweets & <script>", Note: "As found.", Records: 100, Best: "json", Why: "it is <faster>", Codecs: []Figures{
				{
					Name: "json", Type: "Tweet", Bytes: 631, RedisBytes: 791, Encode: Cost{1660, 10.9}, Decode: Cost{4950, 33.9},
					Set: Calls{7060, 36100, 194646}, Get: Calls{10200, 42700, 142470},
				},
				{
					Name: "<proto>", Type: "*pb.Tweet", Bytes: 397.5, RedisBytes: 530, Encode: Cost{1170, 13}, Decode: Cost{1300, 37.9},
					Set: Calls{6730, 30900, 192452}, Get: Calls{6630, 35000, 196943},
				},
				{Name: "own", Type: "Tweet", Error: "record 3: lost"},
			}},
			{Name: "none", Records: 1, Why: "no codec gives every record back", Codecs: []Figures{{Name: "own", Type: "Tweet", Error: "record 0: lost"}}},
		},
	}
}

func TestWriteTable(t *testing.T) {
	const want = `some CPU, 2 cores. Server: Redis 7.0.15, standalone. 40 rounds.

Per record; times in µs; p50 and p99 of single calls, /s by 8 goroutines.
Memory in Redis: MEMORY USAGE.

### tweets & <script>

100 records. json: Tweet; <proto>: *pb.Tweet; own: Tweet. As found.

| codec   | bytes | encode | allocs | decode | allocs | Set p50 |  p99 | Get p50 |  p99 |   Set/s |   Get/s | in Redis |
|---------|------:|-------:|-------:|-------:|-------:|--------:|-----:|--------:|-----:|--------:|--------:|---------:|
| json    |   631 |   1.66 |   10.9 |   4.95 |   33.9 |    7.06 | 36.1 |    10.2 | 42.7 | 194,646 | 142,470 |      791 |
| <proto> |   398 |   1.17 |   13.0 |   1.30 |   37.9 |    6.73 | 30.9 |    6.63 | 35.0 | 192,452 | 196,943 |      530 |
| own     |     – |      – |      – |      – |      – |       – |    – |       – |    – |       – |       – |        – |

own is not measured: record 3: lost

### none

1 records. own: Tweet.

| codec | bytes | encode | allocs | decode | allocs | Set p50 | p99 | Get p50 | p99 | Set/s | Get/s | in Redis |
|-------|------:|-------:|-------:|-------:|-------:|--------:|----:|--------:|----:|------:|------:|---------:|
| own   |     – |      – |      – |      – |      – |       – |   – |       – |   – |     – |     – |        – |

own is not measured: record 0: lost

### Recommendation

- tweets & <script>: json, it is <faster>
- none: no codec gives every record back

Rule: the shortest <b>.
`
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

func pageOf(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageIsWellFormed(t *testing.T) {
	html := pageOf(t, sample())
	if !strings.HasPrefix(html, "<!DOCTYPE html>\n") {
		t.Error("no doctype")
	}
	d := xml.NewDecoder(strings.NewReader(html)) // the page keeps to what HTML and XML have in common
	var text strings.Builder
	seen := map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			seen[token.Name.Local]++
		case xml.CharData:
			text.Write(token)
		}
	}
	charts := len(sample().metrics()) // of one group; the other has nothing to show
	if charts != 12 || seen["svg"] != charts || seen["figure"] != charts || seen["table"] != 2 || seen["section"] != 2 {
		t.Errorf("%d charts wanted; elements %v", charts, seen)
	}
	for _, want := range []string{
		"tweets & <script>", "<proto>", "it is <faster>", "Rule: the shortest <b>.", "own is not measured: record 3: lost", "no codec gives every record back",
		"Redis 7.0.15, standalone", "As found.", "194,646",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, m := range sample().metrics() {
		if !strings.Contains(text.String(), m.title+m.better) {
			t.Errorf("no chart %q, %s", m.title, m.better)
		}
	}
}

func TestPageLoadsNothing(t *testing.T) {
	html := pageOf(t, sample())
	for _, bad := range []string{"http:", "https:", "//", "<script", "<link", "<iframe", "<img", "<object", "@import", "url(", "src=", "href=", "javascript:", " onload"} {
		if strings.Contains(strings.ToLower(html), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(html, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"`) {
		t.Error("no policy that keeps it so")
	}
}

// Each chart is drawn in variables alone, and light and dark give each of them a colour, of their own.
func TestPageInBothThemes(t *testing.T) {
	html := pageOf(t, sample())
	light, dark, ok := strings.Cut(html, "@media (prefers-color-scheme: dark)")
	dark, _, closed := strings.Cut(dark, "\n* ")
	if !ok || !closed {
		t.Fatal("the page has no dark theme")
	}
	variable := regexp.MustCompile(`(--\w+): (#[0-9a-f]{6})`)
	colours := func(css string) map[string]string {
		found := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(css, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	inLight, inDark := colours(light), colours(dark)
	for i, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(html, -1) {
		if bad := regexp.MustCompile(`#[0-9a-fA-F]{3,6}|rgb`).FindString(svg); bad != "" {
			t.Errorf("chart %d has the colour %s in both themes", i, bad)
		}
		var used []string
		for _, m := range regexp.MustCompile(`var\((--\w+)\)`).FindAllStringSubmatch(svg, -1) {
			used = append(used, m[1])
			if inLight[m[1]] == "" || inDark[m[1]] == "" || inLight[m[1]] == inDark[m[1]] {
				t.Errorf("chart %d: %s is %q in light and %q in dark", i, m[1], inLight[m[1]], inDark[m[1]])
			}
		}
		for _, want := range []string{"--ink", "--line", "--codec0", "--codec1"} { // text, axis, a bar for each codec
			if !slices.Contains(used, want) {
				t.Errorf("chart %d draws nothing in %s", i, want)
			}
		}
		if strings.Contains(svg, "own") || !strings.Contains(svg, "&lt;proto&gt;") {
			t.Errorf("chart %d: not the codecs that were measured", i)
		}
	}
}

// More codecs than colours, and figures that are zero.
func TestChartsOfManyCodecs(t *testing.T) {
	r := &Report{Results: []Result{{Name: "many", Best: "a"}}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "a name that is too long for a chart"} {
		r.Results[0].Codecs = append(r.Results[0].Codecs, Figures{Name: name})
	}
	html := pageOf(t, r)
	if strings.Contains(html, "NaN") || strings.Contains(html, "Inf") {
		t.Error("a chart of zeros is drawn at NaN")
	}
	if svg := html[strings.Index(html, "<svg"):strings.Index(html, "</svg>")]; !strings.Contains(svg, ">a name that is …<") {
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
		for form, text := range map[string]string{"table": table.String(), "page": pageOf(t, r), "json": js.String()} {
			if strings.Contains(strings.ToLower(text), "caution") != want {
				t.Errorf("%d rounds, %s: cautions is %v, want %v", rounds, form, !want, want)
			}
		}
	}
}

func TestWriteFails(t *testing.T) {
	r := sample()
	for name, write := range map[string]func(io.Writer) error{"table": r.WriteTable, "html": r.WriteHTML, "json": r.WriteJSON} {
		if err := write(broken{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
