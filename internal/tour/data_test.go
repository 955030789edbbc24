package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activettl/rediscache/internal/realdata"
	"github.com/activettl/rediscache/internal/redistest"
)

// find returns the path of a real file, or skips the test. The skip goes to stderr since it shows only under -v.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := realdata.Find(name)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "SKIP: %s: no %s\n", t.Name(), path)
		t.Skipf("SKIP: no %s", path)
	}
	must(t, err)
	return path
}

func TestData(t *testing.T) {
	tweets := []string{
		"100 tweets", "codec records bytes in Redis per record of JSON", "JSON 100", "100 %", "MsgPack 100", "Proto 100",
		"Every record was read back", "gives 100 records", "505874847260352513 @2no38mae 【マイリスト】【彩りりあ】妖怪体操第一",
		`505874854134820864 @riiko_dq10 @vesperia1985 おはよー！\n今日までなのですよ…！！明日一生来なくていい`,
	}
	events := []string{
		"30 events", "JSON 30", "MsgPack 30", "Proto 30", "gives 30 records", "1652857642 2013-01-10 07:58:13 ForkEvent vcovito wang-bin/QtAV",
	}
	for _, tt := range []struct {
		name, file string
		records    int
		want       []string
	}{
		{"tweets", realdata.Twitter, 100, tweets},
		{"events", realdata.GitHubEvents, 30, events},
	} {
		path := find(t, tt.file)
		see := func(t *testing.T) {
			out, _ := take(t, t.Context(), 0, "-data", path)
			wantLines(t, out, tt.want...)
			_, listed, _ := strings.Cut(out, "records:\n\n")
			if n := strings.Count(listed, "\n"); n != tt.records {
				t.Errorf("%d lines for %d records", n, tt.records)
			}
		}
		t.Run(tt.name+" embedded", func(t *testing.T) { environ(t, nil); see(t) })
		t.Run(tt.name+" on a server", func(t *testing.T) { on(t, redistest.Start(t)); see(t) })
	}
}

func TestDataOfOthers(t *testing.T) {
	environ(t, nil)
	path := filepath.Join(t.TempDir(), "other.json")
	must(t, os.WriteFile(path, []byte(`{"list":[{"id":"b\u001b[31m","n":12345678901234567890.10},{"id":"a","text":"\u202e"}]}`), 0o600))
	out, _ := take(t, t.Context(), 0, "-data", path)
	wantLines(t, out, "2 JSON objects", "JSON 2", "100 %", "gives 2 records",
		`a {"id":"a","text":"\u202e"}`, `b\x1b[31m {"id":"b\u001b[31m","n":12345678901234567890.10}`)
}

func TestBadData(t *testing.T) {
	environ(t, nil)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing.json"): "no such file or directory",
		dir:                                "is a directory",
		file("text.json", "hello\x1b[31m"): "not JSON",
		file("none.json", "[]"):            "the array is empty: expected a JSON array of objects",
		file("large.json", `[{"id":"large","text":"`+strings.Repeat("x", 2<<20)+`"}]`): `"large": value is too large`,
	} {
		out, errs := take(t, t.Context(), exitFailed, "-data", path)
		wantLines(t, errs, "tour: ", path, want)
		if strings.Count(errs, "\n") != 1 || len(errs) > 1000 {
			t.Errorf("the error is no one line: %.1000q", errs)
		}
		if strings.Contains(out, "read back") {
			t.Errorf("%s: stdout is %s", path, out)
		}
	}
}
