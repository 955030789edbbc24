package staleness

import (
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
)

// clientFaults are faults by client options and by other caches of the process.
var clientFaults = []fault{
	{name: "one connection, data blocked", does: func(r *run) {
		r.single(func(o *redis.UniversalOptions) { o.PoolSize = 1 })
		r.lasts(func() { r.net.hold(data); time.Sleep(lasting()) }, r.net.pass)
	}},
	{name: "no deadlines and 5 retries, data blocked", does: func(r *run) {
		r.single(func(o *redis.UniversalOptions) {
			o.ContextTimeoutEnabled, o.MaxRetries = false, 5
			o.ReadTimeout = 500 * time.Millisecond
		})
		r.lasts(func() { r.net.hold(data); time.Sleep(lasting()) }, r.net.pass)
	}},
	{name: "database 1, pushes killed", does: func(r *run) {
		s := r.single(func(o *redis.UniversalOptions) { o.DB = 1 })
		r.lasts(func() { r.kill(s.Client(r), lasting()) }, func() {})
	}},
	{name: "other caches opened and closed", does: func(r *run) {
		r.single()
		r.lasts(func() { r.others(lasting(), "users2", "users/x", name) }, func() {})
	}},
	{name: "other caches, pushes blocked", does: func(r *run) {
		r.single()
		r.lasts(func() {
			var wg sync.WaitGroup
			wg.Go(func() { r.others(lasting(), "users2", name) })
			time.Sleep(300 * time.Millisecond)
			r.net.hold(pushes)
			time.Sleep(900 * time.Millisecond)
			r.net.pass()
			wg.Wait()
		}, func() {})
	}},
	{name: "cache closed while it is read, and reopened", does: func(r *run) {
		r.single()
		r.lasts(func() {
			var wg sync.WaitGroup
			wg.Go(func() { r.others(lasting(), name, "users2") })
			time.Sleep(200 * time.Millisecond)
			r.must(r.users.Close())
			wg.Wait()
			u, err := newUsers(r.rdb, name, bound)
			r.must(err)
			first := r.stopRead
			second := read(u, r.rdb)
			r.users = u
			r.stopRead = func() *seen {
				s := first()
				s.merge(second())
				return s
			}
		}, func() {})
	}},
}

// others opens caches with these names on the readers' client, reads via them, and closes them.
func (r *run) others(d time.Duration, names ...string) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		var made []*cache.Cache[int64, record]
		for i, n := range names {
			u, err := newUsers(r.rdb, n, time.Duration(100+i*700)*time.Millisecond)
			if err != nil {
				r.Error(err)
				return
			}
			made = append(made, u)
			_, _ = u.Get(r.ctx, 1)
			time.Sleep(70 * time.Millisecond)
		}
		for _, u := range made {
			_, _ = u.Get(r.ctx, 1)
			if err := u.Close(); err != nil {
				r.Error(err)
			}
		}
	}
}
