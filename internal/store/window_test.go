package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// The chunks of a read follow the sizes of the values that were read and written.
func TestWindow(t *testing.T) {
	type step struct{ values, misses, size, want int }
	for name, steps := range map[string][]step{
		"small values": {{1, 0, 100, 4}, {4, 0, 100, 16}, {256, 0, 100, 1000}, {10, 0, 100, 1000}},
		"misses":       {{0, 1, 0, 4}, {0, 4, 0, 16}, {0, 64, 0, 256}, {0, 256, 0, 1000}},
		"both":         {{0, 1, 0, 4}, {1, 3, 100, 16}, {0, 16, 0, 32}, {2, 30, 100, 128}},
		"larger":       {{1000, 0, 100, 1000}, {500, 500, 2 << 10, 512}, {64, 0, 16 << 10, 64}},
		"large":        {{2, 98, 1 << 19, 2}, {2, 0, 1 << 20, 1}, {0, 1, 0, 2}, {2, 0, 1 << 20, 1}},
		"very large":   {{1, 0, 64 << 20, 1}, {0, 1, 0, 1}, {0, 1, 0, 1}, {1, 0, 64 << 20, 1}},
		"empty":        {{1, 0, 0, 4}, {4, 0, 0, 16}},
	} {
		var w window
		for i, s := range steps {
			if s.values > 0 {
				w.noticeSize(s.size)
			}
			w.noticeChunk(s.values+s.misses, sizes{s.values, s.values * s.size, s.size})
			if w.size() != s.want {
				t.Errorf("%s: step %d: chunks of %d, want %d", name, i, w.size(), s.want)
			}
		}
	}
	// After one large value among small ones, the chunks stay small for a while.
	var w window
	w.noticeChunk(1000, sizes{1000, 1000 * 100, 100})
	w.noticeSize(8 << 20)
	for i, want := range []int{2, 4, 8, 16, 32, 64, 128} {
		if w.size() != want {
			t.Errorf("chunks of %d after %d small chunks, want %d", w.size(), i, want)
		}
		w.noticeChunk(want, sizes{want, want * 100, 100})
	}
}

// Every read and write of a value updates the window. After many misses, chunks have their full
// size.
func TestWindowLearns(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		large := make([]byte, 1<<20)
		key := name + ":k"
		for how, do := range map[string]func(s *Store) error{
			"Set": func(s *Store) error { return s.Set(t.Context(), key, large, 0) },
			"SetMany": func(s *Store) error {
				return s.SetMany(t.Context(), []Item{{key, large}}, 0)[0]
			},
			"Update": func(s *Store) error { return s.Update(t.Context(), key, large) },
			"Get":    func(s *Store) error { _, err := s.Get(t.Context(), key); return err },
			"Peek":   func(s *Store) error { _, err := s.Peek(t.Context(), key); return err },
			"Swap": func(s *Store) error {
				_, _, err := s.Swap(t.Context(), key, large, slices.Clone(large))
				return err
			},
			"Add": func(s *Store) error {
				if err := s.Delete(t.Context(), key); err != nil {
					return err
				}
				_, err := s.Add(t.Context(), key, large, 0, false)
				return err
			},
		} {
			s := newStore(t, b.Client, name, ttl.Active(time.Hour))
			if err := s.Set(t.Context(), key, large, 0); err != nil {
				t.Fatal(err)
			}
			s.window.keys.Store(1000)
			s.window.largest.Store(0)
			if err := do(s); err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			if n := s.window.size(); n > 16 {
				t.Errorf("after %s of 1 MiB chunks have %d keys", how, n)
			}
		}
		s := newStore(t, b.Client, name, ttl.Active(time.Hour))
		missing := make([]string, 1000)
		for i := range missing {
			missing[i] = fmt.Sprintf("%s:missing:%d", name, i)
		}
		for range 2 {
			for i, reply := range s.GetMany(t.Context(), missing) {
				if reply.Err != ErrNotFound {
					t.Fatalf("key %d: %v", i, reply.Err)
				}
			}
		}
		if n := s.window.size(); n != 1000 {
			t.Errorf("after 2000 misses chunks have %d keys", n)
		}
	})
}
