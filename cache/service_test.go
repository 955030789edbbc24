package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

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
	srv.Advance(2 * time.Minute) // what is absent is asked for again
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
