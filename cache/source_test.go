package cache_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/activettl/rediscache/cache"
)

// source is where records are loaded from. Its methods are loaders that count their calls.
type source struct {
	calls atomic.Int64 // of loaders
	keys  atomic.Int64 // that loaders were asked for

	mu      sync.Mutex
	rows    map[int64]User
	started chan int64    // if set, each call sends its first key here after it has read
	resume  chan struct{} // if set, each call waits for it after it has read
}

func newSource(rows map[int64]User) *source { return &source{rows: rows} }

// stoppedSource returns a source whose calls stop after they have read, until resume is closed.
func stoppedSource(rows map[int64]User) *source {
	return &source{rows: rows, started: make(chan int64, 1000), resume: make(chan struct{})}
}

func (s *source) put(id int64, v User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[id] = v
}

func (s *source) remove(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, id)
}

// user is a loader of one record.
func (s *source) user(ctx context.Context, id int64) (User, error) {
	m, err := s.users(ctx, []int64{id})
	if err != nil {
		return User{}, err
	}
	v, ok := m[id]
	if !ok {
		return User{}, fmt.Errorf("row %d: %w", id, cache.ErrNotFound)
	}
	return v, nil
}

// users is a loader of a batch.
func (s *source) users(ctx context.Context, ids []int64) (map[int64]User, error) {
	s.calls.Add(1)
	s.keys.Add(int64(len(ids)))
	found := map[int64]User{}
	s.mu.Lock()
	for _, id := range ids {
		if v, ok := s.rows[id]; ok {
			found[id] = v
		}
	}
	started, resume := s.started, s.resume
	s.mu.Unlock()
	if started != nil {
		started <- ids[0]
	}
	if resume != nil {
		select {
		case <-resume:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// wantLoads checks how often the loaders have run.
func (s *source) wantLoads(t *testing.T, want int64) {
	t.Helper()
	if n := s.calls.Load(); n != want {
		t.Errorf("loaders have run %d times, want %d", n, want)
	}
}

// soon is eventually with a fixed message, which names what the test waits for.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	eventually(t, ok, func() string { return "not after 10 s: " + what })
}
