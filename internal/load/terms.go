package load

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrNoLoader says that a context is not that of a loader under way.
var ErrNoLoader = errors.New("not the context of a loader that runs")

// terms are what a loader says of the records that it loads.
type terms struct {
	mu   sync.Mutex
	own  time.Duration
	over bool
}

type termsKey struct{}

func withTerms(ctx context.Context, t *terms) context.Context {
	return context.WithValue(ctx, termsKey{}, t)
}

// OwnTTL gives the records that the loader of ctx loads a TTL of their own.
func OwnTTL(ctx context.Context, d time.Duration) error {
	t, _ := ctx.Value(termsKey{}).(*terms)
	if t == nil {
		return ErrNoLoader
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return ErrNoLoader
	}
	t.own = d
	return nil
}

// end returns the own TTL, or 0. Nothing changes it afterwards.
func (t *terms) end() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	return t.own
}
