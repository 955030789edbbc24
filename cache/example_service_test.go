package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// Profile, Product, Session and CartItem are the records of a shop.
type (
	Profile  struct{ Name string }
	Product  struct{ Title string }
	Session  struct{ UserID int64 }
	CartItem struct {
		SKU   string
		Count int
	}
)

// Shop is a service. It caches rows of its database under Fixed, so that they are loaded again
// after their TTL. Sessions and carts are in Redis only, and live as long as they are used.
type Shop struct {
	db       Database
	profiles *cache.Cache[int64, Profile]
	products *cache.Cache[string, Product]
	sessions *cache.Cache[string, Session]
	tokens   *cache.Cache[int64, []string] // the tokens of a user's sessions
	carts    *cache.Cache[int64, []CartItem]
}

// Database has the profiles and products. Its error for a missing row is cache.ErrNotFound.
type Database interface {
	Profile(ctx context.Context, id int64) (Profile, error)
	Products(ctx context.Context, skus []string) (map[string]Product, error)
}

// NewShop makes the caches.
func NewShop(rdb redis.UniversalClient, db Database) (*Shop, error) {
	s := &Shop{db: db}
	var errs [5]error
	s.profiles, errs[0] = cache.New[int64](rdb, "profiles", codec.JSON[Profile]{}, &cache.Options{
		TTL: ttl.Fixed(time.Hour, ttl.Refresh(10*time.Minute)),
	})
	s.products, errs[1] = cache.New[string](rdb, "products", codec.JSON[Product]{}, &cache.Options{
		TTL:  ttl.Fixed(time.Hour, ttl.Jitter(0.1)),
		Load: cache.LoadConfig{Absent: time.Minute},
	})
	s.sessions, errs[2] = cache.New[string](rdb, "sessions", codec.JSON[Session]{}, &cache.Options{
		TTL:        ttl.Active(30*time.Minute, ttl.MaxAge(12*time.Hour)),
		RedactKeys: true,
	})
	s.tokens, errs[3] = cache.New[int64](rdb, "tokens", codec.JSON[[]string]{}, &cache.Options{
		TTL: ttl.Active(12 * time.Hour), // from the last login: as long as any session
	})
	s.carts, errs[4] = cache.New[int64](rdb, "carts", codec.JSON[[]CartItem]{}, &cache.Options{
		TTL: ttl.Active(7 * 24 * time.Hour),
	})
	return s, errors.Join(errs[:]...)
}

// Profile returns a profile, from Redis or the database.
func (s *Shop) Profile(ctx context.Context, id int64) (Profile, error) {
	return s.profiles.GetOrLoad(ctx, id, s.db.Profile)
}

// Catalogue returns a page of products, with one query for those that are not in Redis. Products
// that do not exist are left out.
func (s *Shop) Catalogue(ctx context.Context, skus []string) (map[string]Product, error) {
	return s.products.GetOrLoadMany(ctx, skus, s.db.Products)
}

// maxSessions is the most sessions that a user may have. Beyond it, LogIn ends the oldest one.
const maxSessions = 20

// LogIn begins a session. Give the token to the user only when LogIn has returned nil. By then the
// list of the user's tokens has it. So the list lacks no token that a user has.
func (s *Shop) LogIn(ctx context.Context, user int64, token string) error {
	if err := s.sessions.Set(ctx, token, Session{user}); err != nil {
		return err
	}
	all, err := s.tokens.Upsert(ctx, user, func(all []string, _ bool) ([]string, error) {
		return append(all, token), nil
	})
	if err != nil {
		return err
	}
	return s.end(ctx, user, all[:max(len(all)-maxSessions, 0)]) // the oldest
}

// User returns the user of a session. A session that has ended is cache.ErrNotFound.
func (s *Shop) User(ctx context.Context, token string) (int64, error) {
	session, err := s.sessions.Get(ctx, token)
	return session.UserID, err
}

// LogOutEverywhere ends all sessions of a user.
func (s *Shop) LogOutEverywhere(ctx context.Context, user int64) error {
	all, err := s.tokens.Get(ctx, user)
	if errors.Is(err, cache.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.end(ctx, user, all)
}

// end ends sessions, and then removes their tokens from the list. If it fails, the list still has
// them, and the next call tries again.
func (s *Shop) end(ctx context.Context, user int64, tokens []string) error {
	if len(tokens) == 0 {
		return nil
	}
	if _, err := s.sessions.DeleteMany(ctx, tokens); err != nil {
		return err
	}
	_, err := s.tokens.Upsert(ctx, user, func(all []string, _ bool) ([]string, error) {
		return slices.DeleteFunc(all, func(token string) bool {
			return slices.Contains(tokens, token)
		}), nil
	})
	return err
}

// AddToCart puts an item into a cart. It creates the cart if there is none.
func (s *Shop) AddToCart(ctx context.Context, user int64, sku string) ([]CartItem, error) {
	return s.carts.Upsert(ctx, user, func(items []CartItem, _ bool) ([]CartItem, error) {
		i := slices.IndexFunc(items, func(it CartItem) bool { return it.SKU == sku })
		if i < 0 {
			return append(items, CartItem{sku, 1}), nil
		}
		items[i].Count++
		return items, nil
	})
}

// Shutdown closes the caches. Call it after the server has drained its requests.
func (s *Shop) Shutdown(ctx context.Context) error {
	return errors.Join(s.profiles.Shutdown(ctx), s.products.Shutdown(ctx),
		s.sessions.Shutdown(ctx), s.tokens.Shutdown(ctx), s.carts.Shutdown(ctx))
}

// memory is a Database for the example.
type memory struct {
	profiles map[int64]Profile
	products map[string]Product
}

func (m memory) Profile(_ context.Context, id int64) (Profile, error) {
	if p, ok := m.profiles[id]; ok {
		return p, nil
	}
	return Profile{}, cache.ErrNotFound // your code returns it for sql.ErrNoRows
}

func (m memory) Products(_ context.Context, skus []string) (map[string]Product, error) {
	found := map[string]Product{}
	for _, sku := range skus {
		if p, ok := m.products[sku]; ok {
			found[sku] = p
		}
	}
	return found, nil
}

// A whole service. Profiles and products come from a database, through the cache. Sessions and
// carts live as long as they are used.
func Example_service() {
	ctx := context.Background()
	rdb, closeServer := openServer()
	defer closeServer()
	shop, err := NewShop(rdb, memory{
		profiles: map[int64]Profile{42: {"Ann"}},
		products: map[string]Product{"tea": {"Tea"}, "mug": {"Mug"}},
	})
	if err != nil {
		panic(err)
	}
	defer shop.Shutdown(ctx)

	fmt.Println(shop.Profile(ctx, 42))
	page, err := shop.Catalogue(ctx, []string{"tea", "mug", "gone"})
	fmt.Println(len(page), err)

	fmt.Println(shop.LogIn(ctx, 42, "secret"))
	fmt.Println(shop.User(ctx, "secret"))
	fmt.Println(shop.LogOutEverywhere(ctx, 42))
	_, err = shop.User(ctx, "secret")
	fmt.Println(errors.Is(err, cache.ErrNotFound))

	shop.AddToCart(ctx, 42, "tea")
	fmt.Println(shop.AddToCart(ctx, 42, "tea"))
	// Output:
	// {Ann} <nil>
	// 2 <nil>
	// <nil>
	// 42 <nil>
	// <nil>
	// true
	// [{tea 2}] <nil>
}
