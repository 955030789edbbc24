package staleness

import (
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// singleFaults are faults of a single server and of the connections to it.
var singleFaults = []fault{
	{name: "none", does: func(r *run) { r.single(); r.lasts(func() {}, func() {}) }},
	{name: "pushes killed repeatedly", does: func(r *run) {
		s := r.single()
		r.lasts(func() { r.kill(s.Client(r), lasting()) }, func() {})
	}},
	{name: "pushes blocked", does: func(r *run) {
		r.single()
		r.lasts(func() { r.net.hold(pushes); time.Sleep(lasting()) }, r.net.pass)
	}},
	{name: "pushes blocked repeatedly", does: func(r *run) {
		r.single()
		r.lasts(func() {
			for range 4 {
				r.net.hold(pushes)
				time.Sleep(600 * time.Millisecond)
				r.net.pass()
				time.Sleep(300 * time.Millisecond)
			}
		}, func() {})
	}},
	{name: "pushes 150 ms late", does: func(r *run) {
		r.single()
		r.lasts(func() {
			r.net.delay(pushes, 150*time.Millisecond)
			time.Sleep(lasting())
		}, func() { r.net.delay(pushes, 0) })
	}},
	{name: "pushes 1 s late", does: func(r *run) {
		r.single()
		r.lasts(func() { r.net.delay(pushes, time.Second); time.Sleep(lasting()) },
			func() { r.net.delay(pushes, 0) })
	}},
	{name: "data blocked", does: func(r *run) {
		r.single()
		r.lasts(func() { r.net.hold(data); time.Sleep(lasting()) }, r.net.pass)
	}},
	{name: "replies 300 ms late", does: func(r *run) {
		r.single()
		r.lasts(func() {
			r.net.delay(data, 300*time.Millisecond)
			time.Sleep(lasting())
		}, func() { r.net.delay(data, 0) })
	}},
	{name: "data and pushes blocked", does: func(r *run) {
		r.single()
		r.lasts(func() { r.net.hold(data, pushes); time.Sleep(lasting()) }, r.net.pass)
	}},
	{name: "server frozen and resumed", does: func(r *run) {
		s := r.single()
		r.lasts(func() { s.Pause(r); time.Sleep(lasting()) }, func() { s.Resume(r) })
	}},
	{name: "server restarted empty", does: func(r *run) {
		s := r.single()
		r.lasts(func() { r.writer.wipe(s.Kill, all()...); time.Sleep(300 * time.Millisecond) },
			func() { s.Restart(r) })
	}},
	{name: "FLUSHALL", does: func(r *run) {
		rdb := r.single().Client(r)
		r.lasts(func() {
			for range 5 {
				r.writer.wipe(func() { r.must(rdb.FlushAll(r.ctx).Err()) }, all()...)
				time.Sleep(70 * time.Millisecond)
			}
		}, func() {})
	}},
	{name: "FLUSHALL once a second, pushes 1 s late", does: func(r *run) {
		rdb := r.single().Client(r)
		r.lasts(func() {
			r.net.delay(pushes, 1050*time.Millisecond)
			for range 6 {
				r.writer.wipe(func() { r.must(rdb.FlushAll(r.ctx).Err()) }, all()...)
				time.Sleep(time.Second)
			}
		}, func() { r.net.delay(pushes, 0) })
	}},
	{name: "io-threads 4 under load", does: func(r *run) {
		s := r.serve(nil, "--io-threads", "4", "--io-threads-do-reads", "yes")
		r.lasts(func() { r.load(s, lasting()) }, func() {})
	}},
}

// single starts a server, a writer and readers.
func (r *run) single(tweak ...func(*redis.UniversalOptions)) *redistest.Server {
	r.Helper()
	return r.serve(tweak)
}

func (r *run) serve(
	tweak []func(*redis.UniversalOptions), args ...string,
) *redistest.Server {
	r.Helper()
	s := redistest.Start(r, args...)
	rdb := s.Client(r, append(tweak, r.through)...)
	db := rdb.Options().DB
	own := s.Client(r, once, func(o *redis.UniversalOptions) { o.DB = db })
	r.start(to(own, 0), rdb)
	return s
}

// lasts calls make, which makes a fault and waits, and then end, which ends the fault.
func (r *run) lasts(make, end func()) {
	r.begin()
	make()
	end()
	r.end()
}

// kill kills all connections for pushes repeatedly, for d.
func (r *run) kill(rdb *redis.Client, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(150 * time.Millisecond) {
		list, err := rdb.ClientList(r.ctx).Result()
		r.must(err)
		for line := range strings.Lines(list) {
			id, rest, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
			_, rest, _ = strings.Cut(rest, "flags=")
			flags, _, _ := strings.Cut(rest, " ")
			if strings.Contains(flags, "B") { // it tracks in broadcast mode
				_ = rdb.Do(r.ctx, "client", "kill", "id", id)
			}
		}
	}
}

// load keeps a server busy for d with pipelines of writes to other keys of the cache.
func (r *run) load(s *redistest.Server, d time.Duration) {
	end := time.Now().Add(d)
	done := make(chan error)
	const clients = 6
	for range clients {
		rdb := s.Client(r)
		go func() {
			for n := 0; time.Now().Before(end); {
				pipe := rdb.Pipeline()
				for range 50 {
					n++
					pipe.Set(r.ctx, keyOf(int64(records+n%5000)), `{"Version":1}`, hour)
				}
				if _, err := pipe.Exec(r.ctx); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		r.must(<-done)
	}
}
