package staleness

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	name    = "users"
	records = 128
	hour    = time.Hour
)

// record is the value in the cache.
type record struct{ Version int64 }

func keyOf(id int64) string { return fmt.Sprintf("%s:%d", name, id) }

// base is the start of all times. Times of two processes are comparable, and do not jump with the
// machine's clock.
var base = time.Now()

// now returns the current time in nanoseconds.
func now() int64 { return base.UnixNano() + int64(time.Since(base)) }

// ledger notes which versions of each record were acknowledged, and when.
type ledger struct {
	still sync.RWMutex // while it is locked for writing, no write is in flight
	of    [records]history
}

type history struct {
	next      int64
	confirmed []write
	unknown   map[int64]bool // writes without an acknowledgement: they may be done or lost
	wiped     []write        // versions that mean absence, and when the removal started
}

type write struct{ version, at int64 }

// replaced returns when the first write after a version was acknowledged.
func (h *history) replaced(version int64) (at int64, ok bool) {
	for _, w := range h.confirmed {
		if w.version > version {
			return w.at, true
		}
	}
	return 0, false
}

// wipe calls remove, which removes the records ids, while no write is in flight.
func (l *ledger) wipe(remove func(), ids ...int64) {
	l.still.Lock()
	defer l.still.Unlock()
	began := now()
	remove()
	at := now()
	for _, id := range ids {
		h := &l.of[id]
		h.next++
		h.confirmed = append(h.confirmed, write{h.next, at})
		h.wiped = append(h.wiped, write{h.next, began})
	}
}

func all() (ids []int64) {
	for id := range int64(records) {
		ids = append(ids, id)
	}
	return ids
}

// target is where the writer writes.
type target struct {
	of       func(id int64) (*redis.Client, error)
	replicas int // how many must have a write before it counts, so that it survives a failover
}

// writer writes like another process: the readers share nothing with it.
type writer struct {
	ledger
	target atomic.Pointer[target]
	pause  time.Duration // between two writes of one goroutine
}

const (
	writers = 4
	skew    = 5
)

// run writes each record once before it returns. Then goroutines write until ctx ends.
func (w *writer) run(ctx context.Context, wg *sync.WaitGroup) error {
	for id := range int64(records) {
		err := w.write(ctx, id)
		for end := time.Now().Add(warm); err != nil && time.Now().Before(end); {
			err = w.write(ctx, id) // a replica may acknowledge late
		}
		if err != nil {
			return fmt.Errorf("first write: %w", err)
		}
	}
	for part := range int64(writers) {
		wg.Go(func() {
			for ctx.Err() == nil {
				// Each goroutine has its own records. Some are written many times per second, so
				// the late push of an earlier write drops their copies. Others are written once
				// per second or less.
				id := int64(records / writers * math.Pow(rand.Float64(), skew))
				_ = w.write(ctx, id*writers+part)
				time.Sleep(w.pause)
			}
		})
	}
	return nil
}

const writeLimit = time.Second

func (w *writer) write(ctx context.Context, id int64) error {
	w.still.RLock()
	defer w.still.RUnlock()
	h := &w.of[id]
	h.next++
	version := h.next
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	err := w.send(ctx, id, version)
	if at := now(); err == nil {
		h.confirmed = append(h.confirmed, write{version, at})
		return nil
	}
	if h.unknown == nil {
		h.unknown = map[int64]bool{}
	}
	h.unknown[version] = true
	return err
}

func (w *writer) send(ctx context.Context, id, version int64) error {
	data, err := json.Marshal(record{version})
	if err != nil {
		return err
	}
	t := w.target.Load()
	rdb, err := t.of(id)
	if err != nil {
		return err
	}
	pipe := rdb.Pipeline()
	pipe.Set(ctx, keyOf(id), data, hour)
	var acks *redis.Cmd
	if t.replicas > 0 {
		acks = pipe.Do(ctx, "wait", t.replicas, writeLimit.Milliseconds()/2)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	if acks != nil {
		if n, err := acks.Int(); err != nil || n < t.replicas {
			return fmt.Errorf("%d replicas have it: %v", n, err)
		}
	}
	return nil
}

// to returns a target with one server.
func to(rdb *redis.Client, replicas int) *target {
	return &target{func(int64) (*redis.Client, error) { return rdb, nil }, replicas}
}

// once is a client option of writers. It disables retries: a write that is sent again could arrive
// after a later write.
func once(o *redis.UniversalOptions) { o.MaxRetries = -1 }
