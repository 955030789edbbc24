package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/activettl/rediscache/internal/wire"
)

// Found is what a read-through finds under a key.
type Found struct {
	Value []byte
	Err   error // ErrNotFound if there is no record

	Absent bool // the key holds a marker: the record is known to be absent
	Leased bool // another load is under way
	Other  bool // the key does not hold a string; this read knows no more

	// Known if the script of Look has read the record.
	Due    bool  // for a refresh
	Expiry int64 // when it expires unless it is written, in Unix ms; 0 if reads change that

	// Known if a script has answered. They count from when it was sent. -1 means forever.
	Lives time.Duration // until the record or the marker expires
	Renew time.Duration // until an access is to renew the record
	DueIn time.Duration // until the record is due for a refresh
	Keep  bool          // a copy may be kept: the primary itself has answered, without a redirect
}

// Through is the store as a read-through uses it.
type Through struct {
	*Store
	bound bound
}

// Through returns the store for read-throughs. Each of their round trips has a context made by
// bound.
func (s *Store) Through(bound func(context.Context) context.Context) *Through {
	return &Through{s, bound}
}

// Find reads a record for a read-through and renews it, as Get does and at the same cost. If it
// expects a string and finds a list, it sets Other and does not read on. It reads with the script
// of Look in two cases: this process knows of a marker, or does not know until when the record is
// not due for a refresh.
//
// forCopy says that a copy may be kept. Then Find reads with a script, as Fetch does.
func (t *Through) Find(ctx context.Context, key string, forCopy bool) Found {
	r := t.newRead(key, t.sliding)
	r.through, r.copies = true, forCopy
	one(t.bound(ctx), t.tracker.Reads(), key, &r)
	return r.found()
}

// FindMany does for each key what Find does, at the cost of GetMany. If copies may be kept, it
// calls before with the index of each key before it reads the key. Otherwise before is nil.
func (t *Through) FindMany(
	ctx context.Context, keys []string, before func(i int),
) iter.Seq2[int, Found] {
	return found(t.readMany(ctx, t.tracker.Reads(), keys, manner{
		renews: t.sliding, through: true, copies: before != nil, bound: t.bound, before: before,
	}))
}

// Fetch is Store.Fetch with the bound of a read-through.
func (t *Through) Fetch(ctx context.Context, key string, renews bool) Found {
	return t.Store.Fetch(t.bound(ctx), key, renews)
}

// FetchMany is Store.FetchMany with the bound of a read-through.
func (t *Through) FetchMany(
	ctx context.Context, keys []string, before func(i int),
) iter.Seq2[int, Found] {
	return found(t.readMany(ctx, t.tracker.Reads(), keys, manner{
		renews: t.sliding, copies: true, bound: t.bound, before: before,
	}))
}

func found(reads iter.Seq2[int, *read]) iter.Seq2[int, Found] {
	return func(yield func(int, Found) bool) {
		for i, r := range reads {
			if !yield(i, r.found()) {
				return
			}
		}
	}
}

// Peek is FindMany for keys whose reads the server has refused. It uses plain read commands, no
// scripts, and renews nothing. It costs what Find costs, and for a list one more command.
func (t *Through) Peek(ctx context.Context, keys []string) []Found {
	plans, all := make([]read, len(keys)), make([]Found, len(keys))
	for i, key := range keys {
		plans[i] = t.newRead(key, false)
		plans[i].through, plans[i].plainOnly = true, true
	}
	err := t.each(ctx, t.wire, keys, noBytes, func(i int) plan { return &plans[i] })
	for i := range plans {
		if all[i] = plans[i].found(); err != nil {
			all[i] = Found{Err: err}
		}
	}
	return all
}

func (r *read) found() Found {
	var f Found
	switch {
	case r.look != nil:
		f = r.look.Found
	case r.timed != nil:
		f = *r.timed
		f.Value, f.Err = r.value, r.err
	default:
		f = Found{Value: r.value, Err: r.err}
	}
	if errors.Is(r.err, errNotString) {
		f = Found{Other: true, Err: ErrNotFound}
	}
	return f
}

// errNotString says that a key holds something that is not a string.
var errNotString = errors.New("not a string")

// mustLook reports whether a read-through of a key must begin with the script of Look.
func (s *Store) mustLook(key string) bool {
	if _, absent := s.absent.Get(key); absent {
		return true
	}
	if s.notDue == nil {
		return false
	}
	_, known := s.notDue.Get(key)
	return !known
}

// knowNotDue remembers for how long a record that this process has written is not due. If the
// record has its own TTL, the next read asks Redis.
func (s *Store) knowNotDue(key string, to change) {
	if to.own != 0 {
		s.notDue.Delete(key)
		return
	}
	until := to.at + s.DueAfter(0)
	s.notDue.Put(key, until, until)
}

// knowAbsent remembers that a key holds a marker, for as long as the marker lives.
func (s *Store) knowAbsent(key string, left time.Duration) {
	s.absent.Put(key, s.absent.Now()+left, struct{}{})
}

// DueAfter returns how long after its write a record is due for a refresh at the earliest. own is
// its own TTL, or 0.
func (s *Store) DueAfter(own time.Duration) time.Duration {
	lives, refresh := time.Duration(float64(s.ttl)*(1-s.jitter)), wire.Milliseconds(s.refresh)
	switch {
	case s.maxAge > 0:
		lives = wire.Milliseconds(s.maxAge)
	case own > 0 && own < s.ttl:
		lives, refresh = own, time.Duration(float64(refresh)*float64(own)/float64(s.ttl))
	case own > 0:
		lives = own
	}
	return lives - refresh
}
