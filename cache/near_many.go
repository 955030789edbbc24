package cache

import (
	"context"
	"errors"
	"sync"

	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/store"
)

// remember takes the answers of copies, and returns the keys without an answer.
func (g *gathered[K, V]) remember(ctx context.Context, ks []K) (others []K) {
	for _, k := range ks {
		e := g.c.remembered(ctx, k, true)
		if e == nil {
			others = append(others, k)
		} else if v, err := g.c.valueOf(e); err == nil {
			g.values[k] = v
		} else if g.missed != nil {
			g.missed[k] = struct{}{}
		}
	}
	g.missedNear = len(g.missed)
	g.fromNear = len(g.values) + g.missedNear
	return others
}

// fetch reads records to keep copies of them. If an older copy of a key may answer during an
// outage, the key is read first, with the patience of a read with a loader.
func (g *gathered[K, V]) fetch(ctx context.Context) {
	marks := g.c.newMarks(ctx, g.good, g.full)
	defer marks.end()
	take := func(i int, found store.Found) {
		e, err := marks.take(i, found)
		if err != nil {
			if e = g.c.rescued(ctx, g.good[i], err); e != nil && e.Kind == near.Record {
				g.fromOld++
			}
		}
		var v V
		if e != nil {
			v, err = g.c.valueOf(e)
		}
		g.take(i, v, err)
	}
	old, others := g.c.split(g.good)
	for n, found := range g.c.loads.FetchMany(ctx, old.of(g.full), old.each(marks.begin)) {
		take(old.index(n), found)
	}
	for n, found := range g.c.store.FetchMany(ctx, others.of(g.full), others.each(marks.begin)) {
		take(others.index(n), found)
	}
}

// some are the indices of some keys, or of all keys if all is set.
type some struct {
	all     bool
	indices []int
}

// split returns the keys with an older copy that may answer during an outage, and the others.
func (c *Cache[K, V]) split(ks []K) (old, others some) {
	if c.near.StaleOnOutage <= 0 {
		return some{}, some{all: true}
	}
	for i, k := range ks {
		if c.near.Old(k) != nil {
			old.indices = append(old.indices, i)
		} else {
			others.indices = append(others.indices, i)
		}
	}
	return old, others
}

func (s some) of(full []string) []string {
	if s.all {
		return full
	}
	keys := make([]string, len(s.indices))
	for n, i := range s.indices {
		keys[n] = full[i]
	}
	return keys
}

func (s some) index(n int) int {
	if s.all {
		return n
	}
	return s.indices[n]
}

func (s some) each(do func(i int)) func(n int) { return func(n int) { do(s.index(n)) } }

// marks are the fetches of many keys. Each fetch begins when its key is read.
type marks[K comparable, V any] struct {
	c    *Cache[K, V]
	ctx  context.Context
	ks   []K
	full []string

	mu    sync.Mutex
	all   []*near.Fetch[K, V]
	ended bool
}

func (c *Cache[K, V]) newMarks(ctx context.Context, ks []K, full []string) *marks[K, V] {
	return &marks[K, V]{
		c: c, ctx: ctx, ks: ks, full: full, all: make([]*near.Fetch[K, V], len(ks)),
	}
}

// begin begins a fetch. Servers are read concurrently, so begin may be called after end.
func (m *marks[K, V]) begin(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.ended {
		m.all[i] = m.c.near.Mark(m.ctx, m.ks[i], m.full[i])
	}
}

// take ends a fetch. A key that was not read, because its server counts as out, has no fetch.
func (m *marks[K, V]) take(i int, found store.Found) (*near.Copy[V], error) {
	m.mu.Lock()
	f := m.all[i]
	m.mu.Unlock()
	r, answered, err := m.c.fetched(m.full[i], found, true)
	switch {
	case err == nil:
		return f.End(m.ctx, &r), nil
	case f != nil:
		f.Fail(answered)
	}
	return nil, err
}

// end ends all fetches that have not ended.
func (m *marks[K, V]) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	for _, f := range m.all {
		if f != nil {
			f.Fail(false)
		}
	}
}

// findNear is FindMany that also keeps copies. It takes the answers of copies and the records that
// it found, and returns the indices of the other keys.
func (t *through[K, V]) findNear(ctx context.Context) (pending []int) {
	var asked some
	for i, k := range t.ks {
		e := t.c.rememberedForLoad(ctx, k)
		if e == nil {
			asked.indices = append(asked.indices, i)
			continue
		}
		t.fromNear++
		t.ended(i, OutcomeNear)
		if t.values[i], t.errs[i] = t.c.valueOf(e); t.errs[i] != nil {
			t.ended(i, OutcomeAbsent)
		}
	}
	marks := t.c.newMarks(ctx, t.ks, t.full)
	defer marks.end()
	var renew []string
	finds := t.c.loads.FindMany(ctx, asked.of(t.full), asked.each(marks.begin))
	for n, found := range finds {
		i := asked.index(n)
		t.found[i] = found
		e, err := marks.take(i, found)
		if err != nil || e.Kind != near.Record || found.Due {
			pending = append(pending, i)
			continue
		}
		t.ended(i, OutcomeHit)
		t.values[i], _ = t.c.valueOf(e)
		if t.c.store.Readable(t.full[i]) {
			renew = append(renew, t.full[i])
		}
	}
	t.c.store.Renew(ctx, renew)
	return pending
}

// rescue answers keys with older copies if both Redis and the loader failed for them.
func (t *through[K, V]) rescue(ctx context.Context) {
	if t.c.near == nil || t.c.near.StaleOnOutage <= 0 || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	for i, err := range t.errs {
		if err == nil || errors.Is(err, ErrNotFound) || !load.Unanswered(t.found[i].Err) {
			continue
		}
		if e := t.c.near.Rescue(t.ks[i]); e != nil {
			t.ended(i, OutcomeRescued)
			if t.values[i], t.errs[i] = t.c.valueOf(e); t.errs[i] != nil {
				t.ended(i, OutcomeAbsent)
			}
		}
	}
}
