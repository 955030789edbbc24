package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
)

// counted is a database that counts its queries.
type counted struct {
	memory
	queries int
}

func (c *counted) Profile(ctx context.Context, id int64) (Profile, error) {
	c.queries++
	return c.memory.Profile(ctx, id)
}

func (c *counted) Products(ctx context.Context, skus []string) (map[string]Product, error) {
	c.queries++
	return c.memory.Products(ctx, skus)
}

func newShop(t *testing.T) (*Shop, *counted, *cachetest.Server) {
	t.Helper()
	srv := cachetest.NewServer(t)
	db := &counted{memory: memory{
		profiles: map[int64]Profile{1: {"Ann"}}, products: map[string]Product{},
	}}
	for i := range 45 {
		db.products[fmt.Sprint("sku", i)] = Product{fmt.Sprint("Product ", i)}
	}
	shop, err := NewShop(srv.Client, db)
	must(t, err)
	t.Cleanup(func() { must(t, shop.Shutdown(context.Background())) })
	return shop, db, srv
}

func TestShopReadsThrough(t *testing.T) {
	shop, db, srv := newShop(t)
	for range 3 {
		p, err := shop.Profile(ctx(t), 1)
		if p.Name != "Ann" || err != nil {
			t.Errorf("the profile is %v, %v", p, err)
		}
	}
	page := make([]string, 50) // five of them do not exist
	for i := range page {
		page[i] = fmt.Sprint("sku", i)
	}
	for range 3 {
		found, err := shop.Catalogue(ctx(t), page)
		if len(found) != 45 || err != nil {
			t.Errorf("the catalogue has %d, %v", len(found), err)
		}
	}
	if db.queries != 2 {
		t.Errorf("%d queries, want 2", db.queries)
	}
	srv.Advance(2 * time.Minute) // absent products are loaded again
	if _, err := shop.Catalogue(ctx(t), page); db.queries != 3 || err != nil {
		t.Errorf("%d queries, want 3, and %v", db.queries, err)
	}
	srv.Advance(time.Hour)
	if _, err := shop.Profile(ctx(t), 1); db.queries != 4 || err != nil {
		t.Errorf("%d queries, want 4, and %v", db.queries, err)
	}
}

func TestShopSessions(t *testing.T) {
	shop, _, srv := newShop(t)
	must(t, shop.LogIn(ctx(t), 1, "a"))
	must(t, shop.LogIn(ctx(t), 1, "b"))
	for i := range 35 { // used every 20 minutes, for 11 h 40 min
		srv.Advance(20 * time.Minute)
		if id, err := shop.User(ctx(t), "a"); id != 1 || err != nil {
			t.Fatalf("after %d times 20 minutes the session is of %d, %v", i+1, id, err)
		}
	}
	srv.Advance(20 * time.Minute)
	for token, why := range map[string]string{"a": "12 hours old", "b": "not used"} {
		if _, err := shop.User(ctx(t), token); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("session %s is %s and gives %v", token, why, err)
		}
	}
	must(t, shop.LogIn(ctx(t), 1, "c"))
	must(t, shop.LogIn(ctx(t), 1, "d"))
	must(t, shop.LogOutEverywhere(ctx(t), 1))
	for _, token := range []string{"c", "d"} {
		if _, err := shop.User(ctx(t), token); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("after the logout session %s gives %v", token, err)
		}
	}
}

func TestShopCarts(t *testing.T) {
	shop, _, _ := newShop(t)
	done := make(chan error)
	for range 10 {
		go func() {
			_, err := shop.AddToCart(ctx(t), 1, "tea")
			done <- err
		}()
	}
	for range 10 {
		must(t, <-done)
	}
	cart, err := shop.AddToCart(ctx(t), 1, "tea")
	if err != nil || len(cart) != 1 || cart[0].Count != 11 {
		t.Errorf("the cart is %v, %v", cart, err)
	}
}

// before runs do before the n-th command that a client sends while it is armed.
type before struct {
	armed atomic.Bool
	n     int
	do    func() error
}

func (b *before) command() error {
	if !b.armed.Load() {
		return nil
	}
	if b.n--; b.n > 0 {
		return nil
	}
	b.armed.Store(false)
	return b.do()
}

func (b *before) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := b.command(); err != nil {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (b *before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if err := b.command(); err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
			return err
		}
		return next(ctx, cmds)
	}
}

// After a log-out everywhere, no session that anybody knows of is left. This holds if a log-in of
// one session too many met another log-out before any of its commands, or failed there.
func TestShopLogOutFindsEverySession(t *testing.T) {
	for name, fails := range map[string]bool{"another log-out": false, "a failure": true} {
		t.Run(name, func(t *testing.T) {
			shop, _, srv := newShop(t)
			hook := &before{}
			srv.Client.AddHook(hook)
			for n := 1; ; n++ {
				var known []string
				for i := range maxSessions {
					known = append(known, fmt.Sprint("old", n, "-", i))
					must(t, shop.LogIn(ctx(t), 1, known[i]))
				}
				hook.n, hook.do = n, func() error {
					if fails {
						return errors.New("broken")
					}
					return shop.LogOutEverywhere(ctx(t), 1)
				}
				hook.armed.Store(true)
				last := fmt.Sprint("last", n)
				if err := shop.LogIn(ctx(t), 1, last); err == nil {
					known = append(known, last)
				} else if !fails {
					t.Fatal(err)
				}
				met := !hook.armed.Swap(false)
				must(t, shop.LogOutEverywhere(ctx(t), 1))
				for _, token := range known {
					if _, err := shop.User(ctx(t), token); !errors.Is(err, cache.ErrNotFound) {
						t.Errorf("before command %d: session %s is left, %v", n, token, err)
					}
				}
				if !met {
					if n < 6 {
						t.Errorf("a log-in has %d commands", n-1)
					}
					return
				}
			}
		})
	}
}
