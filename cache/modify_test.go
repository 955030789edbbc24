package cache_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
)

func TestModify(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		visit := func(v User) (User, error) { v.Visits++; return v, nil }
		_, err := u.Modify(ctx(t), 1, visit)
		wantErr(t, err, cache.ErrNotFound, "Modify", "1")

		for _, opts := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			u.set(1, ann, opts...)
			got, err := u.Modify(ctx(t), 1, visit)
			want := ann
			want.Visits = 1
			wantUser(t, got, err, want)
			got, err = u.Peek(ctx(t), 1)
			wantUser(t, got, err, want)
		}

		stop := errors.New("stop")
		got, err := u.Modify(ctx(t), 1, func(v User) (User, error) { return bob, stop })
		wantErr(t, err, stop, "Modify", "1")
		if got.Name != "" {
			t.Errorf("a failed Modify returned %v", got)
		}
		if got, err := u.Peek(ctx(t), 1); got.Name != ann.Name || err != nil {
			t.Errorf("after a failed Modify, the record is %v, %v", got, err)
		}
	})
}

func TestModifyLosesNoIncrement(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		b.Client = b.NewClient(t, patient)
		for _, tt := range []struct{ writers, each int }{
			{2, fewer(b, 1000)}, {50, fewer(b, 100) / 5},
		} {
			u := newUsers(t, b, active())
			u.set(1, ann)
			var wg sync.WaitGroup
			for range tt.writers {
				wg.Go(func() {
					for range tt.each {
						if _, err := u.Modify(ctx(t), 1, func(v User) (User, error) {
							v.Visits++
							return v, nil
						}); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			if got, err := u.Get(ctx(t), 1); got.Visits != tt.writers*tt.each || err != nil {
				t.Errorf("%d increments of %d are left, %v", got.Visits, tt.writers*tt.each, err)
			}
		}
	})
}

func TestModifyConflict(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		u := newUsers(t, b, active())
		u.set(1, ann)
		calls := 0
		_, err := u.Modify(ctx(t), 1, func(v User) (User, error) {
			if calls++; v.Age != 30+calls {
				t.Fatalf("attempt %d got a stale record: %v", calls, v)
			}
			// Another writer always writes first.
			v.Age++
			u.set(1, v)
			return bob, nil
		})
		wantErr(t, err, cache.ErrConflict, "Modify", "1")
		if got, err := u.Get(ctx(t), 1); got.Name != "Ann" || got.Age != 31+calls || err != nil {
			t.Errorf("after %d attempts: %v, %v", calls, got, err)
		}

		// A single concurrent write is no conflict, whatever it changes.
		first := true
		got, err := u.Modify(ctx(t), 1, func(v User) (User, error) {
			if first {
				u.set(1, bob, cache.WithTTL(2*hour))
			}
			first = false
			v.Visits = 7
			return v, nil
		})
		want := bob
		want.Visits = 7
		wantUser(t, got, err, want)

		// A record that is deleted during a Modify stays deleted.
		_, err = u.Modify(ctx(t), 1, func(v User) (User, error) { return v, u.Delete(ctx(t), 1) })
		wantErr(t, err, cache.ErrNotFound, "Modify", "1")
		if n, err := u.Len(ctx(t)); n != 0 || err != nil {
			t.Errorf("a deleted record was revived: %d, %v", n, err)
		}

		// If the caller's context ends during a conflict, Modify returns its error.
		u.set(1, ann)
		short, cancel := context.WithCancel(ctx(t))
		_, err = u.Modify(short, 1, func(v User) (User, error) {
			v.Age++
			u.set(1, v)
			cancel()
			return v, nil
		})
		wantErr(t, err, context.Canceled, "Modify", "1")
	})
}

// A Modify that pauses between attempts stops when its context ends.
func TestModifyGivesUpWaiting(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		u.set(1, ann)
		short, cancel := context.WithCancel(ctx(t))
		calls := 0
		_, err := u.Modify(short, 1, func(v User) (User, error) {
			v.Age++
			u.set(1, v)
			if calls++; calls == 4 { // Modify pauses next
				cancel()
			}
			return v, nil
		})
		wantErr(t, err, context.Canceled, "Modify", "1")
		if calls != 4 {
			t.Errorf("fn was called %d times, want 4", calls)
		}
		_, err = u.Modify(ctx(t), 1, nil)
		wantErr(t, err, errors.Unwrap(err), "Modify", "1")
	})
}

// If a connection breaks after the write, Modify returns an error and does not write twice.
func TestModifyIsNotAppliedTwice(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini != nil {
			t.Skip("no sockets to close")
		}
		if b.Kind == "tls" {
			t.Skip("cutConn cannot read encrypted commands")
		}
		var armed atomic.Bool
		rdb := b.NewClient(t, func(o *redis.UniversalOptions) {
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				return &cutConn{Conn: conn, armed: &armed}, err
			}
		})
		for _, o := range []*cache.Options{active(), autoPipelined()} {
			u := mustNew[int64](t, rdb, b.Name(), jsonUsers, o)
			must(t, u.Set(ctx(t), 1, ann))
			must(t, u.UpdateField(ctx(t), 1, "visits", 0)) // now the server knows the script
			armed.Store(true)
			calls := 0
			_, err := u.Modify(ctx(t), 1, func(v User) (User, error) {
				calls++
				v.Visits++
				return v, nil
			})
			if armed.Load() || !errors.Is(err, cache.ErrUnknownOutcome) || calls != 1 {
				t.Errorf("connection cut: %v, Modify = %v, fn was called %d times", !armed.Load(),
					err, calls)
			}
			if got, err := u.Peek(ctx(t), 1); got.Visits != 1 || err != nil {
				t.Errorf("the record is %v, %v", got, err)
			}
		}
	})
}

// cutConn closes once, when armed, after it has sent an EVALSHA and the server has answered.
type cutConn struct {
	net.Conn
	armed *atomic.Bool
	cut   atomic.Bool
}

func (c *cutConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if bytes.Contains(bytes.ToLower(b), []byte("evalsha")) && c.armed.CompareAndSwap(true, false) {
		c.cut.Store(true)
	}
	return n, err
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.cut.Load() { // the server has answered
		_ = c.Close()
		return 0, io.EOF
	}
	return n, err
}

func TestUpdateField(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Run("JSON", func(t *testing.T) { checkUpdateField(t, b, codec.JSON[User]{}) })
		t.Run("MsgPack", func(t *testing.T) { checkUpdateField(t, b, codec.MsgPack[User]{}) })
		t.Run("Proto", func(t *testing.T) {
			u := mustNew[int64](t, b.Client, b.Name(), codec.Proto[*testpb.User]{}, nil)
			if err := u.Set(ctx(t), 1, &testpb.User{Name: "Ann", Age: 31}); err != nil {
				t.Fatal(err)
			}
			if err := u.UpdateField(ctx(t), 1, "age", 32); err != nil {
				t.Error(err)
			}
			wantErr(t, u.UpdateField(ctx(t), 1, "agee", 33), cache.ErrUnknownField, "UpdateField",
				"1")
			wantErr(t, u.UpdateField(ctx(t), 1, "age", "x"), cache.ErrFieldValue, "UpdateField",
				"1")
			got, err := u.Get(ctx(t), 1)
			if want := (&testpb.User{Name: "Ann", Age: 32}); err != nil || !proto.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
		t.Run("a codec without fields", func(t *testing.T) {
			u := mustNew[int64](t, b.Client, b.Name(), codec.String{}, nil)
			if err := u.Set(ctx(t), 1, "x"); err != nil {
				t.Fatal(err)
			}
			wantErr(t, u.UpdateField(ctx(t), 1, "age", 1), errors.ErrUnsupported, "UpdateField",
				"1")
		})
	})
}

func checkUpdateField(t *testing.T, b *redistest.Backend, c codec.Codec[User]) {
	u := mustNew[int64](t, b.Client, b.Name(), c, nil)
	wantErr(t, u.UpdateField(ctx(t), 1, "age", 32), cache.ErrNotFound, "UpdateField", "1")
	if err := u.Set(ctx(t), 1, ann, cache.WithTTL(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for field, value := range map[string]any{"age": 32, "name": "Anna",
		"tags": []string{"a", "b"}} {
		if err := u.UpdateField(ctx(t), 1, field, value); err != nil {
			t.Error(err)
		}
	}
	want := User{Name: "Anna", Age: 32, Tags: []string{"a", "b"}}
	got, err := u.Get(ctx(t), 1)
	wantUser(t, got, err, want)

	for _, tt := range []struct {
		field string
		value any
		want  error
	}{
		{"agee", 33, cache.ErrUnknownField},
		{"Age", 33, cache.ErrUnknownField},
		{"", 33, cache.ErrUnknownField},
		{"age", "thirty", cache.ErrFieldValue},
		{"age", 3.5, cache.ErrFieldValue},
		{"age", nil, cache.ErrFieldValue},
		{"name", 7, cache.ErrFieldValue},
		{"tags", "admin", cache.ErrFieldValue},
	} {
		wantErr(t, u.UpdateField(ctx(t), 1, tt.field, tt.value), tt.want, "UpdateField", "1")
	}
	got, err = u.Get(ctx(t), 1)
	wantUser(t, got, err, want)
}
