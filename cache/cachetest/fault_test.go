package cachetest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

func ann(context.Context, string) (Session, error) { return Session{"ann"}, nil }

// fails checks the operations of a cache while the server fails, and after it comes back.
func fails(t *testing.T) {
	sessions, srv := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
	load, calls := cachetest.Count(ann)
	ctx := t.Context()
	get := func(want int) {
		t.Helper()
		got, err := sessions.GetOrLoad(ctx, "s1", load)
		if got.User != "ann" || err != nil || calls() != want {
			t.Errorf("got %v, %v, after %d loads, want %d", got, err, calls(), want)
		}
	}
	get(1)
	get(1)
	begun := time.Now()
	for i, err := range []error{nil, errors.New("boom")} {
		srv.Fail(err)
		if _, got := sessions.Get(ctx, "s1"); got == nil || err != nil && !errors.Is(got, err) {
			t.Errorf("Get gives %v, want %v", got, err)
		}
		if err := sessions.SetMany(ctx, map[string]Session{"a": {}, "b": {}}); err == nil {
			t.Error("SetMany gives nil")
		}
		get(2 + 2*i)
		get(3 + 2*i)
		srv.Recover()
		get(3 + 2*i)
	}
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("failures took %v", d)
	}
	if _, err := sessions.Get(ctx, "a"); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get of a record that could not be written gives %v", err)
	}
}

func TestFail(t *testing.T) { fails(t) }

func TestFailInABubble(t *testing.T) { synctest.Test(t, fails) }

// Loads, leases, markers, refreshes and timeouts use the clock of the bubble.
func TestLoadsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions, _ := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, &cache.Options{
			TTL:  ttl.Fixed(time.Hour, ttl.Refresh(10*time.Minute)),
			Load: cache.LoadConfig{Absent: time.Minute, Timeout: 10 * time.Second},
		})
		ctx := t.Context()
		slow, calls := cachetest.Count(func(ctx context.Context, id string) (Session, error) {
			select {
			case <-time.After(time.Second):
				return Session{"ann"}, nil
			case <-ctx.Done():
				return Session{}, ctx.Err()
			}
		})
		step := func(pass time.Duration, want int) {
			t.Helper()
			time.Sleep(pass)
			got, err := sessions.GetOrLoad(ctx, "s1", slow)
			synctest.Wait()
			if got.User != "ann" || err != nil || calls() != want {
				t.Errorf("got %v, %v, after %d loads, want %d", got, err, calls(), want)
			}
		}
		step(0, 1)
		step(49*time.Minute, 1)
		step(2*time.Minute, 2) // due, so it is loaded in the background
		step(2*time.Second, 2)
		step(49*time.Minute, 2)
		step(time.Hour, 3)

		gone, calls := cachetest.Count(func(context.Context, string) (Session, error) {
			return Session{}, cache.ErrNotFound
		})
		for _, s := range []struct {
			pass time.Duration
			want int
		}{{0, 1}, {59 * time.Second, 1}, {2 * time.Second, 2}} {
			time.Sleep(s.pass)
			_, err := sessions.GetOrLoad(ctx, "s2", gone)
			if !errors.Is(err, cache.ErrNotFound) || calls() != s.want {
				t.Errorf("got %v after %d loads, want %d", err, calls(), s.want)
			}
		}

		begun := time.Now()
		_, err := sessions.GetOrLoad(ctx, "s3", func(context.Context, string) (Session, error) {
			time.Sleep(time.Minute)
			return Session{}, nil
		})
		if !errors.Is(err, cache.ErrLoadTimeout) || time.Since(begun) != 10*time.Second {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		time.Sleep(time.Minute) // until the loader has ended
	})
}
