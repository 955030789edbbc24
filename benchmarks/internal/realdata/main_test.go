package realdata_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/activettl/rediscache/benchmarks/internal/realdata"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// find returns the path of a real file, or skips the test. It writes the skip to stderr, because
// t.Skip shows only with -v.
func find(t *testing.T, name string) string {
	t.Helper()
	path, err := realdata.Find(name)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "SKIP: %s: no %s\n", t.Name(), path)
		t.Skipf("SKIP: no %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, name string) *realdata.File {
	t.Helper()
	f, err := realdata.Load(find(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
