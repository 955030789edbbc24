package staleness

import (
	"flag"
	"testing"

	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/redistest"
)

var (
	quick = flag.Bool("quick", false, "make one short run of each fault, for CI")
	wr    = flag.Bool("write", false, "write the table into ../results/staleness.md")
	runs  = flag.Int("runs", 10, "runs of each fault")
	only  = flag.String("fault", "", "make only faults whose name contains this text")
)

func TestMain(m *testing.M) {
	parallel.Default(4) // for quick runs, which wait more than they work
	redistest.Main(m)
}
