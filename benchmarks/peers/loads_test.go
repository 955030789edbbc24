package peers

import (
	"strings"
	"testing"

	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/internal/redistest"
)

// TestLoads compares the calls that load missing records, prints the tables, and fails if
// rediscache breaks a promise.
func TestLoads(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set")
	}
	b, version := newBench(t)
	tables := []*report.Table{b.coldKey(), b.deleted(), b.faults(), b.outage(), b.hit()}

	head := report.Machine(version, command("TestLoads", "20m")) + "\n" + versions() + "\n\n" +
		absent + "\n"
	report.Publish(t, "../results/loads.md", head, b.broken, tables, *write)
}

// absent names the library that could not be measured.
const absent = "Not measured: github.com/dcbickfo/redcache. The Go module proxy does not serve " +
	"it (403: This module version is not available)."

// each runs do for each side. The clients of a side are closed after its run.
func (b *bench) each(what string, do func(t *testing.T, s loadSide)) {
	for _, s := range loadSides {
		b.Run(strings.ReplaceAll(what+" "+s.name, "/", "-"), func(t *testing.T) { do(t, s) })
	}
}

// fleet opens a side as n processes, for a cache with a unique name.
func (b *bench) fleet(t *testing.T, s loadSide, n int, loader loaderFunc) []process {
	p := loadPlace{t, b.addr, redistest.UniqueName(t)}
	fleet := make([]process, n)
	for i := range fleet {
		fleet[i] = s.open(p, loader)
	}
	return fleet
}
