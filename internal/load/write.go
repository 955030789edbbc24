package load

import (
	"cmp"
	"errors"
	"time"

	"github.com/activettl/rediscache/internal/breaker"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// verdict is the outcome for the callers of an item.
type verdict struct {
	Outcome
	early      bool // only callers that came before the loader was called get it
	superseded bool
	unstored   error
}

// writeBack writes what was loaded. own is the own TTL of the records, or 0. It returns the
// outcomes for the callers.
func (r *run) writeBack(items []*item, results []Result, own time.Duration) []verdict {
	verdicts := make([]verdict, len(items))
	var fills, refills group
	for i, it := range items {
		if it.back != none {
			it.sending() // the commands below decide
		}
		res := &results[i]
		absent := errors.Is(res.Err, store.ErrNotFound)
		verdicts[i].Outcome = Outcome{
			Data: res.Data, Value: res.Value, Err: res.Err, Failed: res.Err != nil && !absent,
		}
		verdicts[i].unstored = res.Why
		w := store.Write{
			Key: it.key, Token: it.token,
			Found: it.want.Found.Value, Expiry: it.want.Found.Expiry,
		}
		switch {
		case absent && r.Absent > 0:
			w.What, w.TTL = store.Marker, r.Absent
		case absent, res.Err != nil, res.Data == nil:
			w.What = store.Nothing
		default:
			w.What, w.Value, w.TTL = store.Record, res.Data, own
		}
		switch it.back {
		case none:
			if res.Err == nil {
				verdicts[i].unstored = cmp.Or(res.Why, it.why)
			}
		case fill:
			switch {
			case it.gone.Load():
				verdicts[i].early, verdicts[i].superseded = true, true
			case w.What != store.Nothing || it.token != "":
				fills.add(i, w)
			}
		case verify:
			if res.Err == nil {
				verdicts[i].unstored = cmp.Or(res.Why, it.why)
			}
			w.What = store.Same
			refills.add(i, w)
		case refill:
			if !absent && (res.Err != nil || res.Data == nil) {
				w.What = store.Same // the old value stays
			}
			refills.add(i, w)
		}
	}
	r.writeGroup(items, verdicts, &fills, func(w []store.Write) []store.Written {
		return r.store.Fill(r.ctx, w)
	}, store.Nothing)
	r.writeGroup(items, verdicts, &refills, func(w []store.Write) []store.Written {
		return r.store.Refill(r.ctx, w)
	}, store.Same)
	for i, it := range items {
		r.leaveLease(it, &results[i], own)
		if r.lately != nil {
			r.lately.Put(it.key, r.lately.Now()+lateness, struct{}{})
		}
	}
	return verdicts
}

// group is the writes for some of the items.
type group struct {
	of     []int // the indices of the items
	writes []store.Write
}

func (g *group) add(i int, w store.Write) {
	g.of, g.writes = append(g.of, i), append(g.writes, w)
}

// writeGroup sends the writes of a group. If another write came first, or if there is no reply,
// only the early callers get what was loaded. If Redis refuses a write, writeGroup sends harmless
// in its place, which shows whether another write came first.
func (r *run) writeGroup(
	items []*item, verdicts []verdict, g *group,
	write func([]store.Write) []store.Written, harmless store.What,
) {
	if len(g.of) == 0 {
		return
	}
	var refused group
	for j, done := range write(g.writes) {
		at := g.of[j]
		v, w := &verdicts[at], g.writes[j]
		err := r.judge(r.ctx, w.Key, done.Err)
		switch {
		case err == nil && done.Done:
		case err == nil:
			v.early, v.superseded = true, true
		case wire.Answered(done.Err) && w.What != harmless:
			v.unstored = err
			w.What = harmless
			refused.add(at, w)
		case v.Err != nil && !errors.Is(v.Err, store.ErrNotFound):
			// the loader has failed; the outcome does not depend on its lease
		default:
			v.early, v.unstored = true, err
			if items[at].back == fill && items[at].token != "" {
				r.giveBack(w.Key, items[at].token)
			}
		}
	}
	if len(refused.of) > 0 {
		r.writeGroup(items, verdicts, &refused, write, harmless)
	}
}

// giveBack releases a lease of this run, in the background. Redis may not have confirmed the lease,
// or a release has failed. giveBack tries again and again until Redis answers or the lease has
// expired.
func (r *run) giveBack(key, token string) {
	nothing := []store.Write{{Key: key, What: store.Nothing, Token: token}}
	r.task(func() {
		defer ignorePanic()
		for end := time.Now().Add(r.Lease); time.Now().Before(end); {
			if r.store.Fill(r.ctx, nothing)[0].Err == nil || !r.sleep(breaker.Window) {
				return
			}
		}
	})
}

// giveAllBack releases the leases of items.
func (r *run) giveAllBack(items []*item) {
	for _, it := range items {
		if it.back == fill && it.token != "" {
			r.giveBack(it.key, it.token)
		}
		if it.lease != nil {
			it.lease.GiveBack(r.ctx)
		}
	}
}

// ignorePanic is deferred where only a hook of the Redis client can panic. Such a hook panics in
// the commands of callers too, where the panic is reported.
func ignorePanic() { _ = recover() }
