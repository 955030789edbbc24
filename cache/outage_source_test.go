package cache_test

import (
	"context"
	"sync"
	"testing"
	"time"
)

type loaderOfUser = func(context.Context, int64) (User, error)

// solo is a source that counts the loads of one key that run at the same time.
type solo struct {
	*source
	mu      sync.Mutex
	running map[int64]int
	most    int
}

func newSolo(rows map[int64]User) *solo {
	return &solo{source: newSource(rows), running: map[int64]int{}}
}

// user is a loader of one record.
func (s *solo) user(ctx context.Context, id int64) (User, error) {
	defer s.enter(id)()
	return s.source.user(ctx, id)
}

// users is a loader of a batch.
func (s *solo) users(ctx context.Context, ids []int64) (map[int64]User, error) {
	defer s.enter(ids...)()
	return s.source.users(ctx, ids)
}

func (s *solo) enter(ids ...int64) (leave func()) {
	add := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range ids {
			s.running[id] += n
			s.most = max(s.most, s.running[id])
		}
	}
	add(1)
	return func() { add(-1) }
}

// shared lets n callers ask for a record at once. Its loader waits, so that all of them can ask.
// Loaders of one key must not run at the same time.
func (s *solo) shared(
	t *testing.T, n int, ask func(loaderOfUser),
) {
	t.Helper()
	before := s.calls.Load()
	resume := make(chan struct{})
	loader := func(ctx context.Context, id int64) (User, error) {
		defer s.enter(id)()
		v, err := s.source.user(ctx, id)
		<-resume
		return v, err
	}
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { ask(loader) })
	}
	soon(t, "a load", func() bool { return s.calls.Load() > before })
	time.Sleep(50 * time.Millisecond) // time for the others, some of which may come later
	if calls := s.calls.Load() - before; calls != 1 {
		t.Errorf("%d loaders are called by %d callers at once, want 1", calls, n)
	}
	close(resume)
	wg.Wait()
	s.wantAtOnce(t, 1)
}

// wantAtOnce checks the largest number of loaders of one key that ran at the same time.
func (s *solo) wantAtOnce(t *testing.T, most int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most > most {
		t.Errorf("%d loaders of one key have run at the same time, want at most %d", s.most, most)
	}
}
