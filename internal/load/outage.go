package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// ErrUnavailable says that Redis cannot be reached, does not answer, or refuses a command that is
// needed.
var ErrUnavailable = errors.New("server is not available")

// unavailable says that Redis failed for a key. The record may be loaded without Redis.
type unavailable struct {
	err     error
	refused bool // the server works, and refused a write
}

func (u *unavailable) Error() string   { return u.err.Error() }
func (u *unavailable) Unwrap() []error { return []error{ErrUnavailable, u.err} }

// Unavailable reports whether err says that Redis failed for a key.
func Unavailable(err error) bool {
	_, ok := errors.AsType[*unavailable](err)
	return ok
}

// Unanswered reports whether a read failed with err because the server of the key did not answer.
func Unanswered(err error) bool {
	err = cause(err)
	return err != nil && err != store.ErrNotFound && !errors.Is(err, store.ErrWrongType) &&
		(wire.Out(err) || errors.Is(err, redis.ErrPoolTimeout))
}

// Find reads a record, and renews it as a Get does. The error is store.ErrNotFound for a miss. It
// is an [Unavailable] error if the server counts as out or fails.
//
// forCopy says that a copy may be kept.
func (l *Loads) Find(ctx context.Context, key string, forCopy bool) store.Found {
	if err := l.allow(ctx, key); err != nil {
		return store.Found{Err: err}
	}
	found := l.store.Find(ctx, key, forCopy)
	found.Err = l.judge(ctx, key, found.Err)
	if found.Err != nil && found.Err != store.ErrNotFound {
		one := []store.Found{found}
		l.peek(ctx, []string{key}, one)
		found = one[0]
	}
	return found
}

// Out reports whether the server of a key counts as out.
func (l *Loads) Out(ctx context.Context, key string) bool {
	return !l.breaker.Closed() && l.breaker.IsOut(l.wire.Owner(ctx, key))
}

// allow returns nil if a command on a key may be sent, or an unavailable if its server counts as
// out.
func (l *Loads) allow(ctx context.Context, key string) error {
	if l.breaker.Closed() {
		return nil
	}
	if err := l.breaker.Allow(l.wire.Owner(ctx, key)); err != nil {
		return &unavailable{err: err}
	}
	return nil
}

// Fetch reads a record for a copy, as Store.Fetch does and with its errors. If the server counts as
// out, the error says why it does.
func (l *Loads) Fetch(ctx context.Context, key string, renews bool) store.Found {
	if err := l.allow(ctx, key); err != nil {
		return store.Found{Err: cause(err)}
	}
	found := l.store.Fetch(ctx, key, renews)
	found.Err = cause(l.judge(ctx, key, found.Err))
	return found
}

// cause returns the error in an unavailable, or err.
func cause(err error) error {
	if u, ok := errors.AsType[*unavailable](err); ok {
		return u.err
	}
	return err
}

// FindMany is Find for many keys. It returns what it found for each. If copies may be kept, it
// calls before with the index of each key before it reads the key. Otherwise before is nil.
func (l *Loads) FindMany(ctx context.Context, keys []string, before func(i int)) []store.Found {
	all := l.readMany(ctx, keys, before, l.store.FindMany)
	l.peek(ctx, keys, all)
	return all
}

// FetchMany is Fetch with renewals for many keys. It calls before as FindMany does.
func (l *Loads) FetchMany(ctx context.Context, keys []string, before func(i int)) []store.Found {
	all := l.readMany(ctx, keys, before, l.store.FetchMany)
	for i := range all {
		all[i].Err = cause(all[i].Err)
	}
	return all
}

func (l *Loads) readMany(
	ctx context.Context, keys []string, before func(i int),
	read func(context.Context, []string, func(int)) iter.Seq2[int, store.Found],
) []store.Found {
	all := make([]store.Found, len(keys))
	asked, of := l.allowed(ctx, keys, all)
	if of != nil && before != nil {
		next := before
		before = func(i int) { next(of[i]) }
	}
	for i, found := range read(ctx, asked, before) {
		at := i
		if of != nil {
			at = of[i]
		}
		all[at] = found
		all[at].Err = l.judge(ctx, keys[at], found.Err)
	}
	return all
}

// allowed returns the keys whose servers do not count as out, and their indices. Nil indices mean
// that these are all keys. It puts the errors of the other keys in all.
func (l *Loads) allowed(
	ctx context.Context, keys []string, all []store.Found,
) (asked []string, of []int) {
	if l.breaker.Closed() {
		return keys, nil
	}
	out := map[*redis.Client]error{}
	of = []int{}
	for i, key := range keys {
		owner := l.wire.Owner(ctx, key)
		err, known := out[owner]
		if !known {
			err = l.breaker.Allow(owner)
			out[owner] = err
		}
		if err != nil {
			all[i].Err = &unavailable{err: err}
			continue
		}
		asked, of = append(asked, key), append(of, i)
	}
	return asked, of
}

// peek reads records again whose reads Redis refused because a read that renews is a write. So such
// reads are still hits.
func (l *Loads) peek(ctx context.Context, keys []string, found []store.Found) {
	var refused []string
	var of []int
	for i := range found {
		if u, ok := found[i].Err.(*unavailable); ok && u.refused {
			refused, of = append(refused, keys[i]), append(of, i)
		}
	}
	if len(refused) == 0 {
		return
	}
	for i, peeked := range l.store.Peek(ctx, refused) {
		if peeked.Err == nil {
			found[of[i]] = peeked
		}
	}
}

// judge returns the error of a command on a key that was sent for ctx. It returns an unavailable if
// Redis has failed. It also notes whether the server answers.
func (l *Loads) judge(ctx context.Context, key string, err error) error {
	switch {
	case err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrWrongType):
		l.well(ctx, key)
		return err
	case errors.Is(err, wire.ErrClosed) || errors.Is(err, redis.ErrClosed) || ended(ctx):
		return err
	case wire.Answered(err) && !wire.Out(err):
		l.well(ctx, key)
		return &unavailable{err, wire.RefusedWrite(err)}
	}
	owner := l.wire.Owner(ctx, key)
	waited := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout)
	if !wire.Out(err) || waited && l.wire.Busy(owner) {
		return &unavailable{err: err}
	}
	if l.breaker.Out(owner, err) {
		l.tell.Outage(ctx, err)
	}
	return &unavailable{err: err}
}

// well notes that the server of a key answers.
func (l *Loads) well(ctx context.Context, key string) {
	if !l.breaker.Closed() {
		l.breaker.Well(l.wire.Owner(ctx, key))
	}
}

// ended reports whether ctx has ended. It also checks the deadline, since a connection may time out
// shortly before ctx ends.
func ended(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// give returns the error that the caller gets in place of a load. It returns nil if the record is
// loaded although Redis has failed.
func (l *Loads) give(err error) error {
	u, ok := err.(*unavailable)
	switch {
	case !ok:
		return err
	case l.FailFast && !u.refused:
		return fmt.Errorf("%w: %w", ErrUnavailable, u.err)
	}
	return nil
}
