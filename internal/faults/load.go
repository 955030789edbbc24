package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
)

// The load is moderate, so that it alone causes no errors.
const (
	writers    = 2
	readers    = 3
	plainKeys  = 16 // of each writer
	sharedKeys = 8  // that all writers modify
	// that all writers create at the same time, repeatedly
	madeKeys = 4
	mostMade = 12                   // versions of such a key
	maxPause = 4 * time.Millisecond // of a caller between its steps; four times that with -short

	shortTTL = 20 * time.Millisecond
	maxIdle  = 4 * time.Minute // of the sweep: no run is that long
)

// load is the callers of one cache, which is made in several ways. If the seed is odd, they write
// records with their own terms. A cache that has met such a record reads with other commands.
type load struct {
	// All have one name. Each step of a caller uses one of them.
	caches   []way
	deadline time.Duration
	seed     uint64
	ledger   *ledger
	source   *source
	log      *log

	generations [sharedKeys]atomic.Int64 // of the shared keys
	upserts     [madeKeys]atomic.Int64   // generations of the keys that Upsert creates
	adds        [madeKeys]atomic.Int64   // and of those that Add creates
	over        chan struct{}
	wg          sync.WaitGroup
}

// start lets the callers begin.
func (l *load) start(sweeps bool) {
	l.over = make(chan struct{})
	pause := int64(maxPause)
	if testing.Short() {
		pause *= 4
	}
	worker := uint64(0)
	loop := func(step func(c *caller)) {
		worker++
		c := &caller{load: l, r: rand.New(rand.NewPCG(l.seed, worker))}
		l.wg.Go(func() {
			for !l.isOver() {
				c.cache = l.caches[c.r.IntN(len(l.caches))]
				step(c)
				time.Sleep(time.Duration(c.r.Int64N(pause)))
			}
		})
	}
	for w := range writers {
		life, lived := 0, 0
		loop(func(c *caller) { c.write(w) })
		loop(func(c *caller) { c.modify(w) })
		loop(func(c *caller) { life++; c.live(w, life) })
		loop(func(c *caller) { lived++; c.outlive(w, lived) })
		loop(func(c *caller) { c.upsert(w) })
		loop(func(c *caller) { c.add(w) })
		loop(func(c *caller) { c.change(w) })
	}
	for range readers {
		loop((*caller).read)
		loop((*caller).readThrough)
	}
	if sweeps {
		loop((*caller).sweep)
	}
}

// stop waits until every caller has returned.
func (l *load) stop() {
	close(l.over)
	l.wg.Wait()
}

func (l *load) isOver() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

func (l *load) ownTerms() bool { return l.seed%2 == 1 }

// do makes one operation with its own deadline, and logs it.
func (l *load) do(fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.deadline)
	defer cancel()
	begun := time.Now()
	err := fn(ctx)
	l.log.add(begun, time.Since(begun), err)
	return err
}

func plainKey(writer, n int) string { return fmt.Sprintf("plain/%d/%d", writer, n) }

// sharedKey names a key that all writers modify. A key whose record was lost is not used again: an
// earlier attempt to create it might still be executed.
func (l *load) sharedKey(n int) string {
	return fmt.Sprintf("shared/%d/%d", n, l.generations[n].Load())
}

// upsertKey and addKey name keys that all writers create at the same time. After mostMade versions
// a new key is used.
func (l *load) upsertKey(n int) string { return made("upsert", n, l.upserts[n].Load()) }
func (l *load) addKey(n int) string    { return made("add", n, l.adds[n].Load()) }

func made(by string, n int, generation int64) string {
	return fmt.Sprintf("%s/%d/%d", by, n, generation)
}

// reaches reports whether all servers with plain keys answer.
func (l *load) reaches() bool {
	for w := range writers {
		for n := range plainKeys {
			err := l.do(func(ctx context.Context) error {
				_, err := l.caches[0].Peek(ctx, plainKey(w, n))
				return err
			})
			if err != nil && !errors.Is(err, cache.ErrNotFound) {
				return false
			}
		}
	}
	return true
}

// audit reads every record once through every cache, after the callers have stopped.
func (l *load) audit() {
	for _, c := range l.caches {
		for w := range writers {
			for n := range plainKeys {
				l.readOne(c, plainKey(w, n), c.Peek)
			}
			for n := range loadedKeys {
				key := loadedKey(w, n)
				l.loadOne(c, key, func(ctx context.Context) (Value, error) {
					return c.GetOrLoad(ctx, key, l.source.one)
				})
			}
		}
		for n := range sharedKeys {
			l.readOne(c, l.sharedKey(n), c.Peek)
		}
		for n := range madeKeys {
			for generation := range l.upserts[n].Load() + 1 {
				l.readOne(c, made("upsert", n, generation), c.Peek)
			}
			for generation := range l.adds[n].Load() + 1 {
				l.readOne(c, made("add", n, generation), c.Peek)
			}
		}
	}
}

// String summarizes what the callers did and saw.
func (l *load) String() string {
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	hits, _ := l.hits()
	return fmt.Sprintf("seed %d, %d keys, %d late reads, %d from memory, %s", l.seed,
		len(l.ledger.keys), l.ledger.late, hits, l.log)
}

// accusations returns the first faults that the ledger has found.
func (l *load) accusations() string {
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	const most = 10
	w := l.ledger.wrong
	if len(w) > most {
		w = append(w[:most:most], fmt.Sprintf("and %d more", len(w)-most))
	}
	return strings.Join(w, "\n")
}
