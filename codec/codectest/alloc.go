package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
)

// For an input of n bytes, Decode may allocate perByte*n and a little more.
const (
	perByte  = 64
	slack    = 64 << 10
	enormous = 256 << 20
)

// limit returns how many bytes Decode may allocate for an input of n bytes. A value of the suite
// may need more for its size, such as a long list of empty structs. So may the rest of it in a
// hostile input.
func (p *probe[V]) limit(n int) uint64 {
	extra := uint64(slack)
	if p.suite.MaxAlloc > 0 {
		extra = uint64(p.suite.MaxAlloc)
	}
	return max(perByte*uint64(n)+extra, 2*p.intact)
}

// errHog marks an input that makes Decode allocate too much.
var errHog = errors.New("Decode allocates too much")

// hostile decodes an input that the codec did not write in this form. err is the error of Decode.
// wrong is not nil if Decode allocates too much.
func (p *probe[V]) hostile(data []byte) (v V, err error, wrong error) {
	if p.isHog() { // one example is enough
		v, err = p.decode(data)
		return v, err, nil
	}
	before := roughly()
	v, err = p.decode(data)
	limit := p.limit(len(data))
	if roughly()-before > limit {
		if n := p.allocates(data, limit, 5); n > limit {
			wrong = fmt.Errorf("%w: %d bytes for an input of %d bytes, more than %d",
				errHog, n, len(data), limit)
		}
	}
	if errors.Is(err, errPanicked) && strings.Contains(err.Error(), "makeslice: ") {
		wrong = fmt.Errorf("%w: %w", errHog, err)
	}
	return v, err, wrong
}

// Reasons why Decode allocates too much, as far as a check can tell.
const (
	trust  = "Decode trusts a length in its input: "
	unpack = "Decode does not limit what it decompresses: "
	either = "Decode trusts a length in its input, or does not limit what it decompresses: "
)

// blame adds to err where the input came from. If Decode allocated too much, it adds the reason and
// ends the measuring.
func (p *probe[V]) blame(err error, why, format string, args ...any) error {
	where := fmt.Sprintf(format, args...)
	if errors.Is(err, errHog) {
		p.mu.Lock()
		p.hog = true
		p.mu.Unlock()
		where = why + where
	}
	return fmt.Errorf("%s: %w", where, err)
}

// skipHog skips a check if its inputs would make Decode allocate gigabytes again and again.
func (p *probe[V]) skipHog() error {
	_ = p.lyingHeaders()
	if p.isHog() {
		return skipped("another check has found that Decode allocates too much")
	}
	return nil
}

func (p *probe[V]) isHog() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hog
}

// allocates decodes data up to times times, and returns the smallest number of allocated bytes. It
// stops once that is at most limit. A first call may fill caches. Other goroutines allocate too, so
// it keeps them from running, as testing.AllocsPerRun does. On a busy machine one may still run. So
// it stops early at an enormous sum only from the third time on.
func (p *probe[V]) allocates(data []byte, limit uint64, times int) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	least, sum := uint64(1<<63), uint64(0)
	for i := range times {
		input := bytes.Clone(data)
		runtime.Gosched() // a new time slice, so that nothing interrupts the measuring
		before := exactly()
		_, _ = p.decode(input)
		n := exactly() - before
		sum += n
		if least = min(least, n); least <= limit || i >= 2 && sum > enormous {
			break
		}
	}
	return least
}

// roughly returns about how many bytes the process has allocated so far. The error is some memory
// spans of small objects. It takes about a microsecond.
func roughly() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// exactly returns the same number to the byte. It stops the world for that.
func exactly() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
