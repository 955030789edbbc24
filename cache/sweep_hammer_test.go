package cache_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// A sweep never removes a record that was used within the threshold, in any interleaving of reads
// and sweeps.
func TestSweepHammer(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		if b.Mini != nil {
			t.Skip("the clock of miniredis does not run")
		}
		for _, o := range []*cache.Options{
			{TTL: ttl.Active(10 * time.Second)},
			{TTL: ttl.Active(10*time.Second, ttl.MaxAge(time.Minute))},
			{TTL: ttl.Fixed(10 * time.Second), TrackAccess: true},
		} {
			// A cluster differs only in when it notes an access.
			inIndex := o.TrackAccess && b.Kind == "cluster"
			core := inIndex || b.Kind != "cluster" && o.TTL.Terms().MaxAge == 0
			if testing.Short() && !core {
				continue
			}
			t.Run(fmt.Sprint(o.TTL), func(t *testing.T) {
				t.Parallel()
				for try := 1; ; try++ {
					name := b.Name()
					h := &hammer{users: usersNamed(t, b, name, o)}
					h.run(usersNamed(t, b, name, o))
					if len(h.wrong) == 0 && h.reads.Load() >= hammered {
						break
					}
					// On a busy machine, accesses come too late to keep a record. In a cluster, the
					// note of an access comes after it, and may come much later.
					late := len(h.wrong) == 0 && h.slow.Load() > 0
					if !inIndex && !late || try == 5 {
						t.Errorf("%d accesses, %q", h.reads.Load(), h.wrong)
						break
					}
				}
			})
		}
	})
}

const (
	hammered   = 40 // records in use, and as many unused ones
	hammerIdle = 500 * time.Millisecond
)

// hammer uses records while another process sweeps.
type hammer struct {
	users

	begun       time.Time
	last        [hammered]atomic.Int64 // each record was last used at this time or later
	over        atomic.Bool
	reads, slow atomic.Int64

	mu    sync.Mutex
	wrong []string // impossible observations
}

func (h *hammer) complain(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

func (h *hammer) run(sweeper users) {
	records := map[int64]User{}
	for id := range int64(hammered) {
		records[id] = ann
		records[1000+id] = ann // unused
	}
	h.begun = time.Now()
	must(h.t, h.SetMany(ctx(h.t), records))
	var wg sync.WaitGroup
	for first := range int64(4) {
		wg.Go(func() { h.use(first) })
	}
	// Sweep for at least a second, and until all unused records are gone.
	removed := 0
	for took := time.Duration(0); took < time.Second || removed < hammered; {
		res, err := sweeper.Sweep(ctx(h.t), hammerIdle)
		removed += res.Removed
		if took = time.Since(h.begun); err != nil || took > 20*time.Second {
			h.complain("Sweep = %+v, %v, after %v", res, err, took)
			break
		}
		time.Sleep(time.Millisecond)
	}
	h.over.Store(true)
	wg.Wait()
	if removed < hammered || removed > hammered && h.slow.Load() == 0 {
		h.complain("%d accesses, %d too late, %d records removed, want the %d unused ones",
			h.reads.Load(), h.slow.Load(), removed, hammered)
	}
	h.t.Logf("%d accesses, %d too late", h.reads.Load(), h.slow.Load())
}

// use accesses every fourth record in turn.
func (h *hammer) use(first int64) {
	for !h.over.Load() {
		for id := first; id < hammered; id += 4 {
			before := time.Since(h.begun)
			err := h.access(id)
			idle := time.Since(h.begun) - time.Duration(h.last[id].Load())
			switch {
			case err == nil:
				h.reads.Add(1)
				h.last[id].Store(int64(before))
			case idle > hammerIdle: // this machine was too slow to keep it
				h.slow.Add(1)
			default:
				h.complain("record %d was removed although it was used %v ago: %v", id, idle, err)
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// access makes a random access that keeps a record.
func (h *hammer) access(id int64) (err error) {
	switch rand.N(4) {
	case 0:
		var got map[int64]User
		got, err = h.GetMany(ctx(h.t), []int64{id})
		if err == nil && len(got) == 0 {
			err = cache.ErrNotFound
		}
	case 1:
		err = h.Touch(ctx(h.t), id)
	case 2:
		err = h.Update(ctx(h.t), id, bob)
	default:
		_, err = h.Get(ctx(h.t), id)
	}
	return err
}
