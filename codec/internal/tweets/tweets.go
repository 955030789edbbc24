// Package tweets gives tests the tweets of shared/data/twitter.json.
package tweets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Load returns each tweet as compact JSON, 4.7 kB on average. It skips the test if the file is not
// beside the checkout.
func Load(tb testing.TB) [][]byte {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", "twitter.json"))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Statuses []json.RawMessage `json:"statuses"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	var all [][]byte
	for _, status := range file.Statuses {
		var b bytes.Buffer
		if err := json.Compact(&b, status); err != nil {
			tb.Fatal(err)
		}
		all = append(all, b.Bytes())
	}
	return all
}

// Of returns the tweet whose length is nearest to n bytes.
func Of(tb testing.TB, n int) []byte {
	tb.Helper()
	var nearest []byte
	for _, t := range Load(tb) {
		if nearest == nil || abs(len(t)-n) < abs(len(nearest)-n) {
			nearest = t
		}
	}
	return nearest
}

func abs(n int) int { return max(n, -n) }
