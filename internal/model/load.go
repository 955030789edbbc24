package model

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/activettl/rediscache/cache"
)

// loads are the operations with a loader: of a value, of none, or of an error.
var loads = []string{
	"GetOrLoad", "GetOrLoad", "GetOrLoad none", "GetOrLoad fails", "Reload", "Reload none",
	"Reload fails",
}

const (
	knownAbsent = 10 * time.Minute // LoadConfig.Absent
	loadLease   = time.Second      // LoadConfig.Lease
	outFor      = 200 * time.Millisecond
)

// loading is the LoadConfig of all members.
var loading = cache.LoadConfig{Absent: knownAbsent, Lease: loadLease, Patience: time.Minute}

var errLoader = errors.New("the loader fails")

// loads reports whether an operation has a loader.
func (o op) loads() bool {
	return strings.HasPrefix(o.name, "GetOrLoad") || strings.HasPrefix(o.name, "Reload")
}

// loader returns what the name of an op says: a value, no row, or an error.
func (o op) loader(context.Context, string) (Value, error) {
	if o.shared {
		time.Sleep(time.Millisecond) // so that the others come in between
	}
	switch {
	case strings.HasSuffix(o.name, "none"):
		return Value{}, cache.ErrNotFound
	case strings.HasSuffix(o.name, "fails"):
		return Value{}, errLoader
	}
	return Value{N: o.n}, nil
}

// loaderMany loads the same under each key.
func (o op) loaderMany(c context.Context, keys []string) (map[string]Value, error) {
	all := map[string]Value{}
	for _, key := range keys {
		v, err := o.loader(c, key)
		if errors.Is(err, errLoader) {
			return nil, err
		} else if err == nil {
			all[key] = v
		}
	}
	return all, nil
}

// load runs an operation with a loader on one key.
func (m *member) load(o op, key string) (Value, error) {
	if strings.HasPrefix(o.name, "Reload") {
		return m.Reload(ctx, key, o.loader)
	}
	return m.GetOrLoad(ctx, key, o.loader, cache.WaitFresh(2*time.Second))
}

// free removes the leases of other loads from the keys of an operation, because the operation would
// wait for them.
func (h *history) free(o op) error {
	if !o.loads() {
		return nil
	}
	for _, k := range o.keys {
		for _, s := range h.keys[k] {
			if s.kind == hash && !s.marker || s.loads {
				if err := h.w.admin.Unlink(ctx, redisKey(k)).Err(); err != nil {
					return err
				}
				h.keys[k] = []state{{}}
				break
			}
		}
	}
	return nil
}

// loadOutcomes are the outcomes of an operation with a loader.
func loadOutcomes(o op, m *member, s state, now span, broken bool) (all []outcome) {
	k := o.keys[0]
	stored, result := o.stored(m, now)
	reload := strings.HasPrefix(o.name, "Reload")
	fails := result.err == errLoader
	leave := func(left []state) { // what was loaded is returned, and this is left
		for _, next := range left {
			out := result
			out.next = next
			all = append(all, out)
		}
	}
	if broken || now.lo < m.out { // Redis may not have been asked, or the write may be lost
		leave([]state{s})
		if s.kind != other {
			leave(stored)
			leave([]state{{kind: hash, given: true, expires: span{now.lo, now.hi + loadLease}}})
			leave([]state{{}})
		}
		if s.record() {
			leave(m.access(s, now, m.trusts[k]))
		}
		if m.mini && m.Renews && s.kind != absent && s.kind != text { // as below
			given := s
			given.expires = now.plus(m.TTL)
			leave([]state{given})
		}
	}
	if o.shared && s.kind != other { // a write during the load wins
		leave([]state{s})
	}
	switch {
	case s.kind == other:
		out := outcome{next: s, err: cache.ErrWrongType}
		all = append(all, out)
		if m.mini && m.Renews && !reload { // miniredis sets the TTL before it refuses the type
			out.next.expires = now.plus(m.TTL)
			all = append(all, out)
		}
	case s.marker && !reload:
		out := outcome{next: s, err: cache.ErrNotFound}
		all = append(all, out)
		if m.mini && m.Renews {
			out.next.expires = now.plus(m.TTL)
			all = append(all, out)
		}
	case !s.record() && fails:
		leave([]state{{}})
	case !s.record():
		leave(stored)
	case reload && fails:
		leave(m.access(s, now, m.trusts[k]))
		leave([]state{s})
	case reload:
		leave(stored)
	case s.bad: // one process at a time replaces it; processes that remember it do not renew it
		leave([]state{s})
		leave(m.access(s, now, m.trusts[k]))
		if !fails {
			leave(stored)
		}
	default:
		hits := m.get(s, now, k, broken)
		all = append(all, refuse(true, hits)...)
		if m.due(s, now) {
			if !fails {
				leave(stored)
			}
			if broken && !fails { // it was refreshed, and could not be read again
				for _, next := range stored {
					all = append(all, outcome{next: next, value: s.value})
				}
			}
			for _, next := range hits { // another member refreshes it, or has failed to
				all = append(all, outcome{next: next, value: s.value})
			}
		}
	}
	return all
}

// stored returns what a load leaves in Redis if it is stored, and what it returns.
func (o op) stored(m *member, now span) (left []state, result outcome) {
	o.shared = false
	v, err := o.loader(ctx, "")
	switch {
	case errors.Is(err, cache.ErrNotFound):
		s := state{kind: hash, marker: true, expires: now.plus(knownAbsent)}
		return []state{s}, outcome{err: cache.ErrNotFound}
	case err != nil:
		return nil, outcome{err: errLoader}
	}
	set := o
	set.name = "Set"
	for _, out := range outcomes(set, m, state{}, now, false) {
		left = append(left, out.next)
	}
	return left, outcome{value: v}
}

// due reports whether a record may be due for a refresh.
func (m terms) due(s state, now span) bool {
	switch {
	case m.Refresh == 0:
		return false
	case m.Renews:
		return s.deadline != (span{}) && s.deadline.from(now).lo <= m.Refresh
	}
	return s.expires.from(now).lo <= m.Refresh
}
