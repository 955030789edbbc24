package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/sweep"
)

// walk plays an operation on all keys.
func (h *history) walk(o op, m *member) string {
	switch o.name {
	case "Sweep":
		return h.sweep(o, m)
	case "All":
		return h.listed(o, m)
	}
	before := h.now()
	var err error
	n, keys := 0, []string(nil)
	switch o.name {
	case "Len":
		n, err = m.Len(ctx)
	case "Clear":
		n, err = m.Clear(ctx)
	case "Keys":
		for key, failed := range m.Keys(ctx) {
			if err = errors.Join(err, failed); failed == nil && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		n = len(keys)
	}
	broken := h.broke(m)
	if err != nil && !broken {
		return fmt.Sprintf("it failed, and nothing was broken: %v", err)
	}
	at := span{before.lo, h.now().hi}
	var count tally
	for k := range h.keys {
		if o.name == "Clear" {
			h.wrote(o, m, k, seen{err: err})
			m.forget(k)
		}
		may, one := []state(nil), undecided
		for _, old := range h.keys[k] {
			for _, s := range old.at(at) {
				one.see(s.record())
				if o.name == "Clear" && (s.record() || s.kind == hash) {
					if may = add(may, state{}); err == nil {
						continue
					}
				}
				may = add(may, s)
			}
		}
		h.keys[k] = may
		if o.name == "Keys" {
			if named := slices.Contains(keys, keyText(k)); named && one.most == 0 || !named &&
				one.least == 1 && err == nil {
				return fmt.Sprintf("it named %v at %v; key %d may hold %v", keys, at, k, may)
			}
		}
		count.add(one)
	}
	if broken {
		count.least = 0 // removed by a try whose reply was lost
	}
	if !count.has(n) {
		return fmt.Sprintf("it counted %d at %v, not %v; the keys may hold now %v", n, at, count,
			h.keys)
	}
	return ""
}

// listed plays All, which returns for each key what Peek returns.
func (h *history) listed(o op, m *member) string {
	before := h.now()
	var failed error // of the walk
	said := map[string]seen{}
	for rec, err := range m.All(ctx) {
		if err == nil {
			said[rec.Key] = seen{value: rec.Value}
		} else if key := keyOf(err); key != "" {
			said[key] = seen{err: decision(err), cause: err}
		} else {
			failed = err
		}
	}
	broken := h.broke(m)
	at := span{before.lo, h.now().hi}
	if failed != nil && !broken {
		return fmt.Sprintf("it failed, and nothing was broken: %v", failed)
	}
	for k := range h.keys {
		got, ok := said[keyText(k)]
		if !ok && failed != nil {
			continue
		} else if !ok {
			got.err = cache.ErrNotFound
		}
		if got.err == errBroken {
			if !broken {
				return fmt.Sprintf("key %d: it failed, and nothing was broken: %v", k, got.cause)
			}
			continue
		}
		got.at = at
		may, _ := h.after(op{name: "Peek", keys: []int{k}}, m, k, got, false)
		if len(may) == 0 {
			return fmt.Sprintf("key %d: it said %v at %v; the key may hold %v", k, got, at,
				h.keys[k])
		}
		h.keys[k] = may
	}
	return ""
}

// leaseTTL is how long the lease of a sweep that was lost may keep others from sweeping.
const leaseTTL = 10 * time.Second

func (h *history) sweep(o op, m *member) string {
	var opts []sweep.Option
	if o.dry {
		opts = append(opts, sweep.DryRun())
	}
	before := h.now()
	res, err := m.Sweep(ctx, o.d, opts...)
	broken := h.broke(m)
	at := span{before.lo, h.now().hi}
	if broken {
		defer func() { h.busy = at.hi + leaseTTL }()
	}
	switch {
	case !m.Renews && !m.tracked:
		if decision(err) != cache.ErrNotTracked {
			return fmt.Sprintf("it returned %v, not ErrNotTracked", err)
		}
		return ""
	case decision(err) == sweep.ErrBusy && (broken || at.lo < h.busy):
		return ""
	case err != nil && !broken:
		return fmt.Sprintf("it failed, and nothing was broken: %v", err)
	}
	var scanned, removed tally
	for k := range h.keys {
		m.forget(k)
		var may []state
		met, gone := undecided, undecided
		for _, old := range h.keys[k] {
			for _, s := range old.at(at) {
				goes, stays := false, true
				if s.record() {
					goes, stays = m.swept(s, at, o.d)
				}
				met.see(s.record())
				if goes {
					gone.see(true)
				}
				if goes && !o.dry {
					may = add(may, state{})
				}
				if stays {
					gone.see(false)
				}
				if stays || o.dry || err != nil {
					if !broken && !o.dry && s.record() {
						s.met = at
					}
					may = add(may, s)
				}
			}
		}
		h.keys[k] = may
		scanned.add(met)
		removed.add(gone)
	}
	if broken {
		scanned.least, removed.least = 0, 0
	}
	if !scanned.has(res.Scanned) || !removed.has(res.Removed) {
		return fmt.Sprintf("it returned %+v at %v, not %v scanned and %v removed; the keys may "+
			"hold now %v", res, at, scanned, removed, h.keys)
	}
	return ""
}
