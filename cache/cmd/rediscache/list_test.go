package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// hostile are keys that a terminal, a shell or a pattern could misread.
var hostile = []string{
	"plain", "42", "a:b", "a b", " ", "*", "?[x]{1}", "a\nb", "\x1b[31mred\x1b[0m", "\xff\xfe",
	"\"quoted\"", "\"", "'", `\`, "-x", "--", "-", "\x00", "\u009b31m", "\u202eevil", "😀", "a=b",
	strings.Repeat("k", 1024), "$(reboot)", "~", "\t", "é",
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		records := p.records(t, name, ttl.Active(time.Hour))
		for _, key := range hostile {
			must(t, records.Set(t.Context(), key, []byte("value of "+key)))
		}
		got := p.run(t, "keys", name)
		if got.err != "" || got.code != 0 {
			t.Fatalf("keys: %q and %d", got.err, got.code)
		}
		lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
		slices.Sort(lines)
		lines = slices.Compact(lines) // Redis may return a key twice while its table shrinks
		if len(lines) != len(hostile) {
			t.Errorf("%d lines for %d keys:\n%s", len(lines), len(hostile), got.out)
		}
		for _, line := range lines {
			if line != terminal.Line(line) {
				t.Errorf("%q would do something to a terminal", line)
			}
			key, err := terminal.ParseKey(line)
			must(t, err)
			if !slices.Contains(hostile, key) {
				t.Errorf("%q is none of the keys", line)
			}
			// as a shell would pass the printed key
			if got := p.run(t, "get", name, line, "-raw"); got.out != "value of "+key {
				t.Errorf("get %s: %+v", line, got)
			}
		}
		p.exactKeys(t, name)
	})
}

// exactKeys checks that the JSON form has the bytes of each key.
func (p place) exactKeys(t *testing.T, name string) {
	t.Helper()
	var found []string
	for line := range strings.Lines(p.run(t, "keys", "-json", name).out) {
		var n terminal.Name
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		must(t, d.Decode(&n))
		if n.Key != nil {
			found = append(found, *n.Key)
		} else {
			found = append(found, string(n.KeyBase64))
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	want := slices.Sorted(slices.Values(hostile))
	if !slices.Equal(found, want) {
		t.Errorf("keys -json has %q, want %q", found, want)
	}
}

// plant writes some of everything that a key of a cache may hold.
func (p place) plant(t *testing.T, name string) {
	t.Helper()
	records := p.records(t, name, ttl.Active(time.Hour))
	for i := range 1200 { // some pages
		must(t, records.Set(t.Context(), fmt.Sprint(i), []byte("{}")))
	}
	for _, cmd := range [][]any{
		{"rpush", name + ":own", "{}", 60000, 0}, {"pexpire", name + ":own", 60000},
		{"hset", name + ":lease", "t", "0123456789abcdef"}, {"pexpire", name + ":lease", 60000},
		{"hset", name + ":marker", "n", 1}, {"pexpire", name + ":marker", 60000},
		{"sadd", name + ":foreign", "x"},
		{"set", name + "!sweep", "x", "px", 60000},
		{"set", name + "-other:1", "x", "px", 60000}, // another cache
	} {
		must(t, p.client.Do(t.Context(), cmd...).Err())
	}
}

func TestListAndCount(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name+":foreign", name+"-other:1")
		p.plant(t, name)
		p.want(t, "1201\n", "count", name)
		p.want(t, fmt.Sprintf(`{"cache":%q,"records":1201}`+"\n", name), "count", name, "-json")
		list := p.run(t, "ls", "-json").out
		want := fmt.Sprintf(`{"cache":%q,"records":1201,"other":3,"bookkeeping":1}`, name)
		if !slices.Contains(strings.Split(list, "\n"), want) {
			t.Errorf("ls -json: %s\nwant a line\n%s", list, want)
		}
		text := p.run(t, "ls").out
		found := false
		for line := range strings.Lines(text) {
			found = found || slices.Equal(strings.Fields(line), []string{name, "1,201", "3", "1"})
		}
		if !found {
			t.Errorf("ls has no line for %s:\n%s", name, text)
		}
		p.refuses(t, exitNotFound, "rediscache keys "+name+
			"-no: there is no such cache: it has no record", "keys", name+"-no")
		got := p.run(t, "count", name+"-no")
		if want := (result{"0\n", "rediscache count " + name +
			"-no: there is no such cache: it has no record\n", exitNotFound}); got != want {
			t.Errorf("count of nothing: %+v, want %+v", got, want)
		}
	})
}

// No cache writes an empty key. But a walk shows one that it meets, as Keys and Len do.
func TestEmptyText(t *testing.T) {
	p := at(t, redistest.Start(t))
	must(t, p.client.Set(t.Context(), "users:", "x", time.Minute).Err())
	p.want(t, `{"cache":"users","records":1,"other":0,"bookkeeping":0}`+"\n", "ls", "-json")
	p.want(t, "\"\"\n", "keys", "users")
	p.want(t, "1\n", "count", "users")
	p.want(t, "1 record removed\n", "clear", "users", "-yes")
}

func TestStats(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name+":foreign", name+"-other:1")
		p.plant(t, name)
		must(t, p.records(t, name, ttl.Active(time.Hour)).Set(t.Context(), "big\n",
			bytes.Repeat([]byte("x"), 5000)))
		// no test takes ten minutes, so the times of all records except one follow from their TTL
		want := fmt.Sprintf(`{"cache":%q,"records":1202,"withTerms":1,"leases":1,"markers":1,`+
			`"foreign":1,"withoutTtl":0,"bytes":7402,"sizes":[{"upTo":64,"records":1201},`+
			`{"upTo":256,"records":0},{"upTo":1024,"records":0},{"upTo":4096,"records":0},`+
			`{"upTo":16384,"records":1}],"ttlsLeft":[{"upTo":60000,"records":1},`+
			`{"upTo":600000,"records":0},{"upTo":3600000,"records":1201}],"idleTimes":`, name)
		biggest := `,"biggest":[{"key":"big\n","bytes":5000}]}` + "\n"
		got := p.run(t, "stats", name, "-json", "-top", "1", "-policy-ttl", "3h")
		if !strings.HasPrefix(got.out, want) || !strings.HasSuffix(got.out, biggest) {
			t.Errorf("stats -json: %+v\nwant %s", got, want)
		}
		if !strings.Contains(got.out, `{"upTo":21600000,"records":1201}]`) { // 2 hours
			t.Errorf("stats has other idle times: %s", got.out)
		}
		text := p.run(t, "stats", name)
		for _, want := range []string{
			name + ": 1,202 records, 1 with their own terms\n",
			"other keys: 1 lease, 1 marker, 1 foreign key\n",
			"size of values: 7.2 KiB in total, 6 B on average\n",
			"  up to 64 B    1,201  ########################################\n",
			"  up to 16 KiB      1  #\n", "  up to 1 KiB       0\n",
			"   4.9 KiB  \"big\\n\"\n",
		} {
			if !strings.Contains(text.out, want) {
				t.Errorf("stats has no %q:\n%s", want, text.out)
			}
		}
		p.refuses(t, exitNotFound, "rediscache stats "+name+
			"-no: there is no such cache: it has no record", "stats", name+"-no")
	})
}
