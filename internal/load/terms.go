package load

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrNoLoader says that a context does not belong to a running loader.
var ErrNoLoader = errors.New("not the context of a loader that runs")

// terms are what a loader sets for the records that it loads.
type terms struct {
	mu     sync.Mutex
	ownTTL time.Duration
	over   bool
}

type termsKey struct{}

func withTerms(ctx context.Context, t *terms) context.Context {
	return context.WithValue(ctx, termsKey{}, t)
}

// OwnTTL gives the records that the loader of ctx loads their own TTL.
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
	t.ownTTL = d
	return nil
}

// end returns the own TTL, or 0 for the policy's. Later calls of OwnTTL return ErrNoLoader.
func (t *terms) end() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	return t.ownTTL
}
