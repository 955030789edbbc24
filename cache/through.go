package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/store"
)

// through is the state of one call of GetOrLoad, GetOrLoadMany or Reload.
type through[K comparable, V any] struct {
	c      *Cache[K, V]
	ks     []K
	full   []string
	loader func(context.Context, []K) (map[K]V, error)
	loadOptions

	found    []store.Found // the last read of each key
	values   []V
	errs     []error
	ends     []Outcome // nil without a hook
	stats    LoadStats
	fromNear int  // keys that copies answered
	byLoader bool // the error is that of the loader
}

func (c *Cache[K, V]) newThrough(
	ks []K, full []string, loader func(context.Context, []K) (map[K]V, error), opts []LoadOption,
) *through[K, V] {
	t := &through[K, V]{
		c: c, ks: ks, full: full, loader: loader, loadOptions: optionsOf(opts),
		found:  make([]store.Found, len(ks)),
		values: make([]V, len(ks)),
		errs:   make([]error, len(ks)),
	}
	if c.hook != nil {
		t.ends = make([]Outcome, len(ks))
	}
	return t
}

// ended sets the outcome of a key so far.
func (t *through[K, V]) ended(i int, o Outcome) {
	if t.ends != nil {
		t.ends[i] = o
	}
}

// end closes the operation and returns its error.
func (t *through[K, V]) end(ctx context.Context, run *operation, err error) error {
	if run.hook == nil {
		return err
	}
	if err != nil {
		run.secrets, run.byLoader = t.c.texts(t.full), t.byLoader
	}
	op := &run.op
	op.Load, op.Near, op.nearMisses = &t.stats, t.fromNear, t.fromNear
	for _, o := range t.ends {
		switch o {
		case OutcomeHit:
			op.Hits++
		case OutcomeNear:
			op.Hits++
			op.nearMisses--
		case OutcomeRescued:
			op.Hits++
			op.Rescued++
		case OutcomeStale:
			op.Hits++
			t.stats.Stale++
		case OutcomeAbsent:
			op.Misses++
			t.stats.Absent++
		case OutcomeMiss:
			op.Misses++
		}
	}
	told := err
	if len(t.ks) == 1 && errors.Is(err, ErrNotFound) {
		told = nil
	}
	run.finish(ctx, told)
	return err
}

// run gets the pending records, given by index. t.found holds their first reads.
func (t *through[K, V]) run(ctx context.Context, pending []int) {
	defer t.rescue(ctx)
	for len(pending) > 0 {
		missing := t.sort(ctx, pending)
		if len(missing) == 0 {
			return
		}
		wants := make([]load.Want, len(missing))
		for n, i := range missing {
			found := t.found[i]
			wants[n] = load.Want{Key: t.full[i], Found: found, Bad: found.Err == nil}
		}
		begun := time.Now()
		outcomes := t.c.loads.Load(ctx, wants, t.load)
		t.stats.Waited += time.Since(begun)
		var again []int
		pending = pending[:0]
		for n, i := range missing {
			switch out := outcomes[n]; {
			case out.Again:
				again = append(again, i)
			case !t.take(ctx, i, out): // another process has written bytes that cannot be decoded
				t.found[i] = store.Found{Value: out.Data}
				pending = append(pending, i)
			}
		}
		if len(again) > 0 {
			t.find(ctx, again)
		}
		pending = append(pending, again...)
	}
}

// find reads records again.
func (t *through[K, V]) find(ctx context.Context, which []int) {
	if len(which) == 1 {
		t.found[which[0]] = t.c.loads.Find(ctx, t.full[which[0]], false)
		return
	}
	keys := make([]string, len(which))
	for n, i := range which {
		keys[n] = t.full[i]
	}
	for n, found := range t.c.loads.FindMany(ctx, keys, nil) {
		t.found[which[n]] = found
	}
}

// sort takes the values of the records that were found, starts refreshes of those that are due, and
// returns the other records, which must be loaded.
func (t *through[K, V]) sort(ctx context.Context, pending []int) (missing []int) {
	var due []int
	var renew []string
	for _, i := range pending {
		found := &t.found[i]
		switch {
		case found.Err == nil:
			v, err := t.c.received(t.full[i], store.Reply{Value: found.Value})
			if err != nil {
				missing = append(missing, i)
				t.ended(i, OutcomeMiss)
				continue
			}
			t.values[i] = v
			t.ended(i, OutcomeHit)
			if t.c.store.Readable(t.full[i]) {
				renew = append(renew, t.full[i])
			}
			if found.Due {
				due = append(due, i)
				t.ended(i, OutcomeStale)
			}
		case found.Absent:
			t.errs[i] = ErrNotFound
			t.ended(i, OutcomeAbsent)
		case found.Err == store.ErrNotFound || load.Unavailable(found.Err):
			missing = append(missing, i)
			t.ended(i, OutcomeMiss)
		default:
			t.errs[i] = found.Err
		}
	}
	t.c.store.Renew(ctx, renew)
	if len(due) > 0 {
		t.refresh(ctx, due)
	}
	return missing
}

// refresh loads records that are due in the background. If the caller wants to wait for the new
// values, it waits.
func (t *through[K, V]) refresh(ctx context.Context, due []int) {
	wants := make([]load.Want, len(due))
	for n, i := range due {
		wants[n] = load.Want{Key: t.full[i], Found: t.found[i]}
	}
	ended := t.c.loads.Refresh(ctx, wants, t.load)
	if t.waitFresh <= 0 {
		return
	}
	until := time.Now().Add(t.waitFresh)
	for n, i := range due {
		now := t.c.loads.Fresh(ctx, t.full[i], t.found[i], time.Until(until), ended[n])
		switch {
		case now.Err == nil:
			if v, err := t.c.received(t.full[i], store.Reply{Value: now.Value}); err == nil {
				t.values[i] = v
			}
		case now.Absent:
			var none V
			t.values[i], t.errs[i] = none, ErrNotFound
			t.ended(i, OutcomeAbsent)
		}
	}
}

// take takes the outcome of a load for a key. It reports false if the bytes cannot be decoded.
func (t *through[K, V]) take(ctx context.Context, i int, out load.Outcome) bool {
	switch unstored := out.Value.(type) {
	case oversize:
		t.values[i], t.errs[i] = codec.DecodeFor(t.c.codec, t.full[i], unstored)
	case boxed[V]:
		t.values[i] = unstored.v
	default:
		if t.errs[i] = out.Err; out.Err != nil {
			if out.Failed {
				t.errs[i] = &callerError{out.Err}
			}
			break
		}
		if out.Source != load.Loaded {
			t.c.hasRead(len(out.Data))
		}
		v, err := t.c.decode(t.full[i], out.Data)
		if err != nil {
			return false
		}
		t.values[i] = v
		if out.Source != load.Loaded {
			t.c.renewReadable(ctx, t.full[i])
		}
	}
	t.stats.count(out)
	t.byLoader = t.byLoader || out.Failed
	switch {
	case errors.Is(t.errs[i], ErrNotFound):
		t.ended(i, OutcomeAbsent)
	case t.errs[i] == nil && out.Source == load.Read: // another caller has written it
		t.ended(i, OutcomeHit)
	}
	return true
}
