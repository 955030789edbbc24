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

// record is what the cache holds.
type record struct{ Version int64 }

func keyOf(id int64) string { return fmt.Sprintf("%s:%d", name, id) }

// base makes times of two processes comparable, and none jumps with the clock of the machine.
var base = time.Now()

// now is a time in nanoseconds.
func now() int64 { return base.UnixNano() + int64(time.Since(base)) }

// ledger knows which versions of each record were acknowledged, and when.
type ledger struct {
	still sync.RWMutex // held for writing, no write is under way
	of    [records]history
}

type history struct {
	next      int64
	confirmed []write
	unknown   map[int64]bool // writes without an acknowledgement: they may take place, or be lost
	wiped     []write        // versions that stand for absence, and when the removal began
}

type write struct{ version, at int64 }

// replaced returns when the acknowledgement of the first write behind a version came.
func (h *history) replaced(version int64) (at int64, ok bool) {
	for _, w := range h.confirmed {
		if w.version > version {
			return w.at, true
		}
	}
	return 0, false
}

// wipe calls a function that removes some records, with no write under way.
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

// target says where the writer writes.
type target struct {
	of       func(id int64) (*redis.Client, error)
	replicas int // how many must have a write before it counts: it then survives a failover
}

// writer is another process, as far as the readers know.
type writer struct {
	ledger
	target atomic.Pointer[target]
	pause  time.Duration // between two writes of a goroutine
}

const (
	writers = 4
	skew    = 5
)

// run writes until ctx ends, and each record once before it returns.
func (w *writer) run(ctx context.Context, wg *sync.WaitGroup) error {
	for id := range int64(records) {
		err := w.write(ctx, id)
		for end := time.Now().Add(warm); err != nil && time.Now().Before(end); {
			err = w.write(ctx, id) // a replica may be slow to say that it has it
		}
		if err != nil {
			return fmt.Errorf("first write: %w", err)
		}
	}
	for part := range int64(writers) {
		wg.Go(func() {
			for ctx.Err() == nil {
				// A goroutine has its records for itself. Some are written many times in a second:
				// a copy is dropped by the late push of an earlier write. Others once or less.
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

// to is a target of one server.
func to(rdb *redis.Client, replicas int) *target {
	return &target{func(int64) (*redis.Client, error) { return rdb, nil }, replicas}
}

// once is a client option of writers: a write that is sent twice could come after a later one.
func once(o *redis.UniversalOptions) { o.MaxRetries = -1 }
