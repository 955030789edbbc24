package staleness

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A slot moves to another node and back, without its records, between two looks at the layout: so
// both looks are the same. The first node removes the record and pushes nothing. While the way to
// the cluster is closed, the time between two looks is as long as that.
func TestSlotThereAndBack(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set")
	}
	const closed = 700 * time.Millisecond // less than it takes to give the connection for pushes up
	r := &run{TB: t, ctx: t.Context(), net: newNetwork(t)}
	servers := redistest.StartCluster(t, 0, dead)
	c := r.nodes(servers)
	var err error
	r.rdb = servers.Client(t, r.through)
	r.users, err = newUsers(r.rdb, name, bound)
	r.must(err)
	defer r.users.Close()
	ids := c.some()
	lost, other := ids[0], ids[1]
	for _, id := range ids {
		r.must(r.users.Set(r.ctx, id, record{1}))
	}
	r.until(warm, func() bool { return r.near(lost) && r.near(other) })

	r.net.hold(data)
	c.thereAndBack(closed, lost)
	r.net.pass()
	r.until(warm, func() bool { return r.near(other) })
	time.Sleep(2 * bound)
	got, err := r.users.Get(r.ctx, lost)
	if !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get = %+v, %v; Redis has lost the record more than %v ago", got, err, 2*bound)
	}
}

// near reports whether a read is answered from memory.
func (r *run) near(id int64) bool {
	near := 0
	ctx, cancel := context.WithTimeout(context.WithValue(r.ctx, nearOf{}, &near), readLimit)
	defer cancel()
	_, _ = r.users.Get(ctx, id)
	return near > 0
}
