package peers

import (
	_ "embed"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/internal/redistest"
)

var (
	quick = flag.Bool("quick", false,
		"TestPeers: less than a minute; fail only on wrong values, commands and allocations")
	rounds = flag.Int("rounds", 21, "TestPeers, TestNear: slices of each side")
	write  = flag.Bool("write", false, "write the results into a file of the folder ../results")
)

// TestPeers measures and prints the tables. It fails if a side does not do what it says, or if
// rediscache breaks a promise.
func TestPeers(t *testing.T) {
	b, version := newBench(t)
	var tables []*report.Table
	for _, o := range operations {
		tables = append(tables, b.tables(o, contenders)...)
	}
	tables = append(tables, b.growth())
	head := report.Machine(version, command("TestPeers", "1h")) + "\n" + versions() + "\n"
	report.Publish(t, "../results/other-caches.md", head, b.broken, tables, *write)
}

// command returns the command that measures the same again, with a timeout for the test.
func command(test, timeout string) string {
	s := fmt.Sprintf("go -C benchmarks/peers test -run %s -count 1 -timeout %s -v", test, timeout)
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") {
			s += fmt.Sprintf(" -%s=%s", f.Name, f.Value)
		}
	})
	return s
}

//go:embed go.mod
var goMod string

// versions lists the measured libraries with their versions, from go.mod.
func versions() string {
	var of []string
	for line := range strings.Lines(goMod) {
		f := strings.Fields(line)
		if len(f) == 2 && strings.HasPrefix(f[1], "v") &&
			!strings.HasPrefix(f[0], "github.com/activettl/") {
			of = append(of, f[0]+" "+f[1])
		}
	}
	return "Versions: " + strings.Join(of, ", ") + "."
}

type bench struct {
	*testing.T
	addr   string
	rdb    *redis.Client
	broken []string
}

// newBench starts a server. It returns a bench for that server, and the version of Redis.
func newBench(t *testing.T) (b *bench, version string) {
	t.Helper()
	if *quick && *write {
		t.Fatal("-quick does not measure enough for -write")
	}
	addr := redistest.Start(t).Addr()
	b = &bench{T: t, addr: addr, rdb: newClient(t, redis.Options{Addr: addr})}
	version, err := serverinfo.Version(t.Context(), b.rdb)
	if err != nil {
		t.Fatal(err)
	}
	return b, version
}

func (b *bench) breaks(format string, args ...any) {
	b.broken = append(b.broken, fmt.Sprintf(format, args...))
}

// work returns the work of the server for the sides. It leaves out the commands of the measurement
// and those that maintain connections.
func (b *bench) work() (measure.Work, error) {
	stats, err := serverinfo.Commands(b.Context(), b.rdb)
	var w measure.Work
	for name, s := range stats {
		switch name, _, _ := strings.Cut(name, "|"); name {
		case "info", "ping", "hello", "client", "command":
		default:
			w.Commands += float64(s.Calls)
			w.Micros += s.Micros
		}
	}
	return w, err
}

// load returns how a side is measured with so many goroutines.
func (b *bench) load(goroutines int) measure.Load {
	l := measure.Load{Goroutines: goroutines, Rounds: *rounds, Slice: 50 * time.Millisecond,
		Server: b.work}
	if goroutines >= 64 {
		l.Slice = 100 * time.Millisecond // so that each goroutine makes several calls
	}
	if *quick {
		l.Rounds, l.Slice = 5, 15*time.Millisecond
	}
	return l
}

// run measures sides. It measures brief calls twice: without reading the clock for each call, and
// then with it, for the percentiles.
func (b *bench) run(o operation, goroutines int, sides []measure.Side) ([]measure.Loaded, error) {
	l := b.load(goroutines)
	if l.Whole = o.brief; o.brief && !*quick {
		l.Slice /= 2 // enough for many calls; and the slices of a round are closer in time
	}
	results, err := l.Run(sides)
	if err != nil || !o.brief {
		return results, err
	}
	l.Whole, l.Rounds = false, max(l.Rounds/3, 3)
	timed, err := l.Run(sides)
	for i, r := range timed {
		results[i].P50, results[i].P99 = r.P50, r.P99
	}
	return results, err
}

// cell has the results of all sides for one format, one size of records and one number of
// goroutines.
type cell struct {
	format     payload.Format
	size       payload.Size
	goroutines int
	sides      []prepared
	results    []measure.Loaded
}

// measure returns the cells of an operation, one per format, size and number of goroutines.
func (b *bench) measure(o operation, fields []field) []cell {
	sizes, goroutines := payload.Sizes, o.goroutines
	if *quick {
		sizes, goroutines = sizes[:1], goroutines[:2]
	}
	var cells []cell
	for _, f := range fields {
		for _, size := range sizes {
			name := strings.ReplaceAll(fmt.Sprintf("%s.%s.%s", o.title, f.format.Label, size.Label),
				" ", "_")
			b.Run(name, func(t *testing.T) { // closes the clients of its sides
				ready := o.prepare(place{t, b.addr, b.rdb, f.format, name}, size, f.sides)
				for _, n := range goroutines {
					results, err := b.run(o, n, sidesOf(ready))
					if err != nil {
						t.Fatal(err)
					}
					cells = append(cells, cell{f.format, size, n, ready, results})
				}
			})
		}
	}
	return cells
}
