package load

import (
	"context"
	"sync"
	"time"

	"github.com/activettl/rediscache/internal/breaker"
	"github.com/activettl/rediscache/internal/lease"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/store"
)

// refreshes are the refreshes under way in this process.
type refreshes struct {
	mu    sync.Mutex
	under map[string]chan struct{} // closed when the refresh of the key has ended
	later *recent.Table[struct{}]  // keys that must wait: refreshed elsewhere, or failed lately
	slots chan struct{}            // half of those of the loads
}

// laterKeys is how many keys a process remembers. A key that does not fit costs one more command.
const laterKeys = 1 << 14

// Refresh loads records again in the background, except those that another process refreshes or
// whose refresh failed lately. It returns for each record a channel that is closed when its refresh
// in this process has ended, or nil if there is none.
func (l *Loads) Refresh(ctx context.Context, dues []Want, load Loader) []<-chan struct{} {
	ended := make([]<-chan struct{}, len(dues))
	var items []*item
	l.refreshes.mu.Lock()
	for i, due := range dues {
		under := l.refreshes.under[due.Key]
		if under == nil {
			if l.isLater(due.Key) || l.closing.Err() != nil {
				continue
			}
			under = make(chan struct{})
			l.refreshes.under[due.Key] = under
			items = append(items, &item{key: due.Key, want: due})
		}
		ended[i] = under
	}
	l.refreshes.mu.Unlock()
	if len(items) > 0 {
		r := l.newRun(ctx, load)
		r.refresh = true
		l.task(func() { r.refreshAll(items) })
	}
	return ended
}

func (r *run) refreshAll(items []*item) {
	defer func() {
		r.refreshes.mu.Lock()
		defer r.refreshes.mu.Unlock()
		for _, it := range items {
			close(r.refreshes.under[it.key])
			delete(r.refreshes.under, it.key)
		}
	}()
	r.guard(items, func() { r.refreshNow(items) })
}

func (r *run) refreshNow(items []*item) {
	release, ok := r.trySlot()
	if !ok {
		return // the next reader tries again
	}
	taken := false
	defer func() {
		if !taken { // a hook has panicked
			release()
		}
	}()
	var won []*item
	leases := r.takeLeases(items)
	taken = true
	for i, l := range leases {
		if l != nil {
			items[i].back, items[i].lease = refill, l
			won = append(won, items[i])
		}
	}
	if len(won) == 0 {
		release()
		r.tellRefused(items)
		return
	}
	r.work(won, release)
	r.tellRefused(items)
}

// tellRefused reports leases that Redis has refused. Otherwise nobody would know why records that
// are due are not loaded.
func (r *run) tellRefused(items []*item) {
	for _, it := range items {
		if it.why != nil {
			r.tell.Refused(r.ctx, it.key, it.why)
		}
	}
}

// trySlot takes a slot of the refreshes and one of the loads, if both are free.
func (r *run) trySlot() (release func(), ok bool) {
	if r.slots == nil {
		return func() {}, true
	}
	select {
	case r.refreshes.slots <- struct{}{}:
	default:
		return nil, false
	}
	select {
	case r.slots <- struct{}{}:
	default:
		<-r.refreshes.slots
		return nil, false
	}
	return func() { <-r.slots; <-r.refreshes.slots }, true
}

// takeLeases takes the leases of refreshes. It returns nil for an item if another process has the
// lease or if Redis fails. If Redis fails, it sets why of the item.
func (r *run) takeLeases(items []*item) []*lease.Lease {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = r.names.Load(it.key)
	}
	leases := make([]*lease.Lease, len(items))
	for i, taken := range lease.TakeMany(r.patience.bound(r.ctx), r.wire, keys, r.Lease) {
		if taken.Err != nil {
			items[i].why = r.judge(r.ctx, keys[i], taken.Err)
			r.later(items[i].key, breaker.Window)
			continue
		}
		if leases[i] = taken.Lease; leases[i] == nil {
			// The other process may release the lease earlier, and the record may be due again.
			r.later(items[i].key, min(taken.Left, max(r.store.DueAfter(0), breaker.Window)))
		}
	}
	return leases
}

// isLater reports whether the record of a key must not be refreshed yet.
func (l *Loads) isLater(key string) bool {
	_, wait := l.refreshes.later.Get(key)
	return wait
}

func (l *Loads) later(key string, d time.Duration) {
	t := l.refreshes.later
	t.Put(key, t.Now()+d, struct{}{})
}

// leaveLease releases the lease of a refresh if the record will be due again before the lease
// expires. Otherwise it lets the lease expire. Until then no process tries again, after a failure.
// If the record could not be decoded, no other version replaces it until then.
func (r *run) leaveLease(it *item, res *Result, own time.Duration) {
	switch {
	case it.lease == nil:
	case res.Err != nil || it.want.Bad:
		r.later(it.key, r.Lease)
	case r.store.DueAfter(own) < r.Lease:
		it.lease.GiveBack(r.ctx)
		r.later(it.key, r.store.DueAfter(own))
	}
}

// Fresh waits up to d until a record that was due has been refreshed, here or by another process.
// It returns the record that it finds then, or due if the time is over. ended is what Refresh has
// returned for the record.
func (l *Loads) Fresh(
	ctx context.Context, key string, due store.Found, d time.Duration, ended <-chan struct{},
) store.Found {
	limit := time.NewTimer(d)
	defer limit.Stop()
	var tick <-chan time.Time
	for pause := firstPause; ; pause = nextPause(pause) {
		select {
		case <-ended: // even if d is over: other records of the batch may have used it up
		default:
			if ended == nil {
				tick = time.After(pause)
			}
			select {
			case <-ended:
			case <-tick:
			case <-limit.C:
				return due
			case <-ctx.Done():
				return due
			case <-l.closing.Done():
				return due
			}
		}
		ended = nil
		if now := l.Find(ctx, key, false); now.Err != nil || !now.Due {
			return now
		}
	}
}
