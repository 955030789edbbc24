package cache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
)

// Redis has no memory for leases, so no script can prove that a loaded value is current. A caller
// after a Delete does not get a value that was read before it.
func TestDeleteDuringLoadWithoutLease(t *testing.T) {
	s := redistest.Start(t, "--maxmemory-policy", "noeviction")
	rdb := s.Client(t)
	u := users{mustNew[int64](t, rdb, "users", jsonUsers, nil), t, rdb}
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "1").Err())
	rows := stoppedSource(map[int64]User{1: ann})
	var wg sync.WaitGroup
	asks := func(want User) {
		wg.Go(func() {
			got, err := u.GetOrLoad(ctx(t), 1, rows.user)
			wantUser(t, got, err, want)
		})
	}
	asks(ann)
	<-rows.started
	rows.put(1, bob)
	must(t, u.Delete(ctx(t), 1))
	asks(bob)
	time.Sleep(50 * time.Millisecond) // time to join the first load, which the test cannot observe
	close(rows.resume)
	wg.Wait()
	rows.wantLoads(t, 2)
	must(t, rdb.ConfigSet(ctx(t), "maxmemory", "0").Err())
}
