package redistest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestCheckKeys(t *testing.T) {
	expire := func(ctx context.Context, rdb redis.UniversalClient, key string) {
		rdb.Expire(ctx, key, time.Minute)
	}
	const many = 2000 // a page of SCAN has 500
	tests := []struct {
		name  string
		plant func(ctx context.Context, rdb redis.UniversalClient, name string)
		want  []string // one part of each message
	}{
		{"nothing", func(context.Context, redis.UniversalClient, string) {}, nil},
		{"all legal", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.Set(ctx, name+":string", "v", time.Minute)
			rdb.Set(ctx, name+":", "the empty key", time.Minute)
			rdb.Set(ctx, name+"!sweep", "token", time.Minute)
			rdb.RPush(ctx, name+":list", "v", 1, 0)
			expire(ctx, rdb, name+":list")
			rdb.RPush(ctx, name+":longer", "v", 1, 0, "later", "more")
			expire(ctx, rdb, name+":longer")
			rdb.HSet(ctx, name+":lease", "t", "0123456789abcdef")
			expire(ctx, rdb, name+":lease")
			rdb.HSet(ctx, name+":marker", "n", "1")
			expire(ctx, rdb, name+":marker")
			rdb.Set(ctx, name+"!longest", 7_200_000, time.Minute)
			rdb.Set(ctx, name+"!swept", "1", time.Minute)
			rdb.Set(ctx, name+"!load:a:b", "token", time.Minute)
			rdb.ZAdd(ctx, name+"!seen:0", redis.Z{Member: "k"})
			expire(ctx, rdb, name+"!seen:0")
			rdb.Set(ctx, "a foreign "+name, "v", time.Minute)
		}, nil},
		{"string without TTL", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.Set(ctx, name+":k", "v", 0)
		}, []string{`:k" has no TTL`}},
		{"bookkeeping without TTL", func(
			ctx context.Context, rdb redis.UniversalClient, name string,
		) {
			rdb.ZAdd(ctx, name+"!seen:0", redis.Z{Member: "k"})
		}, []string{`!seen:0" has no TTL`}},
		{"lease without TTL", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.HSet(ctx, name+":k", "t", "0123456789abcdef")
		}, []string{`:k" has no TTL`}},
		{"longest without TTL", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.Set(ctx, name+"!longest", 7_200_000, 0)
		}, []string{`!longest" has no TTL`}},
		{"other hash", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.HSet(ctx, name+":k", "t", "0123456789abcdef", "n", "1")
			expire(ctx, rdb, name+":k")
		}, []string{`:k" is a hash of`}},
		{"short list", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.RPush(ctx, name+":k", "v", 1)
			expire(ctx, rdb, name+":k")
		}, []string{`:k" is a list of 2`}},
		{"other bookkeeping", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.Set(ctx, name+"!other", "v", time.Minute)
			rdb.HSet(ctx, name+"!sweep", "t", "v")
			expire(ctx, rdb, name+"!sweep")
		}, []string{`!other" is bookkeeping that no cache has`, `!sweep" is a hash`}},
		{"set", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.SAdd(ctx, name+":k", "v")
			expire(ctx, rdb, name+":k")
		}, []string{`:k" has the type set`}},
		{"zset as record", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.ZAdd(ctx, name+":k", redis.Z{Member: "k"})
			expire(ctx, rdb, name+":k")
		}, []string{`:k" is a zset`}},
		{"outside", func(ctx context.Context, rdb redis.UniversalClient, name string) {
			rdb.Set(ctx, name, "v", time.Minute)
			rdb.Set(ctx, name+".admin:7", "v", time.Minute)
		}, []string{`outside`, `.admin:7" is outside`}},
		{"many pages on all nodes", func(
			ctx context.Context, rdb redis.UniversalClient, name string,
		) {
			_, _ = rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range many {
					p.Set(ctx, fmt.Sprintf("%s:%d", name, i), "v", 0)
				}
				return nil
			})
		}, slices.Repeat([]string{"has no TTL"}, many)},
	}
	Each(t, func(t *testing.T, b *Backend) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				name := UniqueName(t)
				f := failing(t, func(tb testing.TB) {
					CheckKeys(tb, b.Client, name)
					tt.plant(t.Context(), b.Client, name)
				})
				if f.stopped || len(f.messages) != len(tt.want) {
					t.Fatalf("stopped %v, messages %q, want %q", f.stopped, f.messages, tt.want)
				}
				for i, want := range tt.want {
					if !strings.Contains(f.messages[i], want) {
						t.Errorf("message %q, want %q in it", f.messages[i], want)
					}
				}
				if left := keysUnder(t, b.Client, name); len(left) != 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		}
	})
}

func keysUnder(t *testing.T, rdb redis.UniversalClient, name string) (found []string) {
	t.Helper()
	err := eachPrimary(t.Context(), rdb, func(ctx context.Context, node *redis.Client) error {
		keys, err := node.Keys(ctx, name+"*").Result()
		if len(keys) > 0 { // at most one node has some in these tests, or none has
			found = keys
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCheckKeysExempt(t *testing.T) {
	Each(t, func(t *testing.T, b *Backend) {
		name := UniqueName(t)
		planted := []string{name + ".admin:7", name + ":set", "x" + name}
		f := failing(t, func(tb testing.TB) {
			check := CheckKeys(tb, b.Client, name)
			check.Exempt(planted...)
			b.Client.Set(t.Context(), planted[0], "v", 0)
			b.Client.SAdd(t.Context(), planted[1], "v")
			b.Client.Set(t.Context(), planted[2], "v", 0)
		})
		if len(f.messages) != 0 {
			t.Errorf("exempt keys are reported: %q", f.messages)
		}
		for _, key := range planted {
			if b.Client.Exists(t.Context(), key).Val() != 0 {
				t.Errorf("%q is left behind", key)
			}
		}
	})
}

func TestCheckKeysBrokenClient(t *testing.T) {
	Each(t, func(t *testing.T, b *Backend) {
		rdb := b.NewClient(t)
		f := failing(t, func(tb testing.TB) {
			CheckKeys(tb, rdb, UniqueName(t))
			_ = rdb.Close()
		})
		if len(f.messages) != 1 || !strings.Contains(f.messages[0], "cannot check") {
			t.Errorf("with a closed client: %q, want one message that it cannot check", f.messages)
		}
	})
}

func TestUniqueName(t *testing.T) {
	legal := regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
	seen := map[string]bool{}
	t.Run("odd {name}:*!é", func(t *testing.T) {
		for range 1000 {
			name := UniqueName(t)
			if !legal.MatchString(name) {
				t.Fatalf("%q is no cache name", name)
			}
			if !strings.HasPrefix(name, "TestUniqueName/odd") {
				t.Fatalf("%q does not name its test", name)
			}
			seen[name] = true
		}
	})
	if len(seen) != 1000 {
		t.Fatalf("%d names of 1000 differ", len(seen))
	}
	for a := range seen {
		for i := range a {
			if seen[a[:i]] {
				t.Fatalf("%q is a prefix of %q", a[:i], a)
			}
		}
	}
}
