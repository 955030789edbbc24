package staleness

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// fault is one row of the table.
type fault struct {
	name string
	does func(r *run)
	free bool // the promise does not cover this fault, so it has no bound
}

// run is one run of a fault. The fault starts the servers and calls start, begin and end.
type run struct {
	testing.TB
	ctx    context.Context
	writer *writer
	users  *users
	rdb    redis.UniversalClient // the client of users
	net    *network

	wg           sync.WaitGroup
	stopRead     func() *seen
	begins, ends int64
}

// Times of a run.
const (
	before = 700 * time.Millisecond
	after  = 1500 * time.Millisecond
	warm   = 10 * time.Second // limit until reads from memory start
)

// do runs a fault once.
func do(t *testing.T, f fault) outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{TB: t, ctx: ctx, net: newNetwork(t),
		writer: &writer{pause: 8 * time.Millisecond}}
	var s *seen
	func() {
		defer func() { // also if the fault ends the test
			cancel()
			r.wg.Wait()
			if r.stopRead != nil {
				s = r.stopRead()
			}
			if r.users != nil {
				_ = r.users.Close()
			}
		}()
		f.does(r)
	}()
	return r.writer.judge(s, r.begins, r.ends)
}

// must ends the test after an error.
func (r *run) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// through is a client option: the client dials via the network.
func (r *run) through(o *redis.UniversalOptions) { o.Dialer = r.net.dial }

// start starts the writer, and readers on a client. It returns some time after reads are answered
// from memory.
func (r *run) start(t *target, rdb redis.UniversalClient) {
	r.Helper()
	r.write(t)
	var err error
	r.rdb = rdb
	r.users, err = newUsers(rdb, name, bound)
	r.must(err)
	r.stopRead = read(r.users, rdb)
	r.warm()
	time.Sleep(before)
}

// write starts the writer.
func (r *run) write(t *target) {
	r.Helper()
	r.writer.target.Store(t)
	r.must(r.writer.run(r.ctx, &r.wg))
}

// warm waits until memory answers reads, again or for the first time.
func (r *run) warm() {
	r.Helper()
	hits := r.users.Stats().Near.Hits
	r.until(warm, func() bool { return r.users.Stats().Near.Hits > hits+100 })
}

// until waits until is returns true. After the limit it ends the test.
func (r *run) until(limit time.Duration, is func() bool) {
	r.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("not within %v", limit)
		}
	}
}

// begin notes when the fault begins.
func (r *run) begin() { r.begins = now() }

// end notes when the fault ends. Then it lets the readers read on for some time.
func (r *run) end() {
	r.ends = now()
	time.Sleep(after)
}

// lasting returns the duration of a fault that needs no particular one.
func lasting() time.Duration {
	if *quick {
		return 1500 * time.Millisecond
	}
	return 3 * time.Second
}
