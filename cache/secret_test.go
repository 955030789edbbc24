package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/operations"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
)

// secret is a text that must not show: it is a password, and a part of each value.
const secret = "hunter2"

// Whatever fails, errors, calls of a Hook and go-redis' log show neither the password nor a value.
// Errors show the key.
func TestNoSecretShows(t *testing.T) {
	impatient := func(o *redis.UniversalOptions) { o.DialerRetries, o.MaxRetries = 1, -1 }
	withPassword := func(o *redis.UniversalOptions) { o.Username, o.Password = "app", secret }
	secretUser := User{Name: secret}

	t.Run("wrong password", func(t *testing.T) {
		rdb := redistest.Start(t, "--requirepass", "another").Client(t, impatient, withPassword)
		showsNone(t, rdb, codec.JSON[User]{}, secretUser, "WRONGPASS")
	})
	t.Run("refused connection", func(t *testing.T) {
		s := redistest.Start(t)
		rdb := s.Client(t, impatient, withPassword)
		s.Stop()
		showsNone(t, rdb, codec.JSON[User]{}, secretUser, "refused")
	})
	t.Run("client without TLS", func(t *testing.T) {
		rdb := redistest.Secure(t).Client(t, impatient, withPassword,
			func(o *redis.UniversalOptions) {
				o.TLSConfig = nil
			})
		showsNone(t, rdb, codec.JSON[User]{}, secretUser, "EOF", "reset")
	})
	t.Run("refused command", func(t *testing.T) {
		s := redistest.Start(t)
		must(t,
			s.Client(t).Do(ctx(t), "acl", "setuser", "app", "on", ">"+secret, "~*", "+ping").Err())
		showsNone(t, s.Client(t, impatient, withPassword), codec.JSON[User]{}, secretUser, "NOPERM")
	})

	for name, put := range map[string]func(rdb *redis.Client, key string) error{
		"WRONGTYPE": func(rdb *redis.Client, key string) error {
			return rdb.SAdd(ctx(t), key, secret).Err()
		},
		"a list": func(rdb *redis.Client, key string) error {
			return rdb.RPush(ctx(t), key, secret, secret, secret).Err()
		},
		"undecodable": func(rdb *redis.Client, key string) error {
			return rdb.Set(ctx(t), key, `{"name": {"`+secret+`": 1}, "age": "`+secret+`"} `+secret,
				hour).Err()
		},
		"one undecodable field": func(rdb *redis.Client, key string) error {
			return rdb.Set(ctx(t), key, `{"age": "`+secret+`"}`, hour).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			rdb := redistest.Start(t).Client(t)
			must(t, put(rdb, "users:a"))
			const any = "" // some operations replace the value, or do not read it
			showsNone(t, rdb, codec.JSON[User]{}, secretUser, any)
			must(t, put(rdb, "users:a"))
			showsNone(t, rdb, codec.MsgPack[User]{}, secretUser, any)
			must(t, put(rdb, "users:a"))
			showsNone(t, rdb, codec.Proto[*testpb.User]{}, &testpb.User{Name: secret}, any)
		})
	}
}

// showsNone runs every operation. Each must fail with an error that contains one of the texts. If
// the text is empty, an operation may also succeed.
func showsNone[V any](t *testing.T, rdb *redis.Client, c codec.Codec[V], v V, texts ...string) {
	t.Helper()
	_, n := redistest.LoggedSince(0)
	told := &recorder{}
	u := mustNew[string](t, rdb, "users", c, &cache.Options{Hook: told, TTL: active().TTL,
		Load: cache.LoadConfig{Outage: cache.FailFast, Patience: time.Minute}})
	check := func(op string, err error) {
		t.Helper()
		text := fmt.Sprintf("%v %+v %q", err, err, err)
		if strings.Contains(text, secret) {
			t.Errorf("%s shows the secret: %s", op, text)
		}
		for _, want := range texts {
			if strings.Contains(text, want) {
				return
			}
		}
		t.Errorf("%s: %v, want one of %q", op, err, texts)
	}
	for op, do := range single(u, v) {
		if op == "Set" || op == "Delete" || operations.Loads(op) {
			continue // they would replace the value that makes the others fail
		}
		if err := do(ctx(t), "a"); !errors.Is(err, cache.ErrExists) { // Add does not decode
			check(op, err)
		}
	}
	check("UpdateField with a bad value", u.UpdateField(ctx(t), "a", "age", secret))
	for op, do := range several(u, v) {
		if op != "SetMany" && op != "DeleteMany" && op != "Clear" && !operations.Loads(op) {
			check(op, do(ctx(t)))
		}
	}
	for op, err := range map[string]error{
		"GetOrLoad":     single(u, v)["GetOrLoad"](ctx(t), "a"),
		"GetOrLoadMany": several(u, v)["GetOrLoadMany"](ctx(t)),
		"Reload":        single(u, v)["Reload"](ctx(t), "a"),
	} {
		if err != nil || !slices.Contains(texts, "NOPERM") { // loads return their value
			check(op, err)
		}
	}
	check("SetMany", several(u, v)["SetMany"](ctx(t)))
	check("Set", single(u, v)["Set"](ctx(t), "a"))
	_, err := u.Sweep(ctx(t), hour/2)
	check("Sweep", err)
	for _, op := range []string{"DeleteMany", "Clear"} {
		check(op, several(u, v)[op](ctx(t)))
	}
	check("Delete", u.Delete(ctx(t), "a"))
	for _, op := range append(told.started, told.ended...) {
		if text := fmt.Sprintf("%v %+v %#v", op, op, op); strings.Contains(text, secret) {
			t.Errorf("the Hook gets the secret: %s", text)
		}
	}
	if len(told.ended) == 0 {
		t.Error("the Hook was not called")
	}
	lines, _ := redistest.LoggedSince(n)
	for _, line := range lines {
		if strings.Contains(line, secret) {
			t.Errorf("go-redis logs the secret: %s", line)
		}
	}
}
