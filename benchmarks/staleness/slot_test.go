package staleness

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// A slot moves to another node and back, without its records, between two checks of the cluster's
// layout. So both checks see the same layout. The first node removes the record and pushes nothing.
// The test blocks the client's data connections, so that the two checks are that far apart.
func TestSlotThereAndBack(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set")
	}
	const closed = 700 * time.Millisecond // too short for the client to drop the push connection
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
		t.Errorf("Get = %+v, %v; Redis lost the record more than %v ago", got, err, 2*bound)
	}
}

// near reports whether memory answers a read.
func (r *run) near(id int64) bool {
	near := 0
	ctx, cancel := context.WithTimeout(context.WithValue(r.ctx, nearOf{}, &near), readLimit)
	defer cancel()
	_, _ = r.users.Get(ctx, id)
	return near > 0
}
