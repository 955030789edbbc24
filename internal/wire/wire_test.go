package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// A script is called by its hash. If a server has not seen it, it is called again with its source.
// That holds for single scripts and for batches.
func TestScripts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, auto := range []bool{false, true} {
			c := newClient(t, b.Client, auto)
			if err := b.Client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				cmd := redis.NewCmd(t.Context(), echoScript.Args("k", i)...)
				if got, err := c.Do(t.Context(), "k",
					cmd).(*redis.Cmd).Text(); got != fmt.Sprint(i) || err != nil {
					t.Errorf("call %d answers %q, %v", i, got, err)
				}
			}
			if err := b.Client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			keys, cmds := make([]string, 100), make([]redis.Cmder, 100)
			for i := range cmds {
				keys[i] = fmt.Sprint("k", i)
				cmds[i] = NewOnce(t.Context(), echoScript.Args(keys[i], i)...)
			}
			c.Batch(t.Context(), keys, cmds)
			for i, cmd := range cmds {
				if got, err := cmd.(*Once).Text(); got != fmt.Sprint(i) || err != nil {
					t.Errorf("call %d of a batch answers %q, %v", i, got, err)
				}
			}
		}
	})
}

// If Redis refuses a connection, each command of a batch has the error, and not only the pipeline.
func TestRefusedConnection(t *testing.T) {
	locked, open := redistest.Start(t, "--requirepass", "another"), redistest.Start(t)
	nobody := func(o *redis.UniversalOptions) { o.Username, o.Password = "nobody", "wrong" }
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"locked": locked.Addr(), "open": open.Addr()}, Password: "wrong",
		HeartbeatFrequency: time.Hour,
	})
	t.Cleanup(func() { ring.Close() })
	for name, tt := range map[string]struct {
		rdb  redis.UniversalClient
		want string
		all  bool
	}{
		"wrong password":              {locked.Client(t, nobody), "WRONGPASS", true},
		"wrong password of a cluster": {redistest.Cluster(t).Client(t, nobody), "WRONGPASS", true},
		"wrong password of a shard":   {ring, "WRONGPASS", false},
		"a database that does not exist": {open.Client(t, func(o *redis.UniversalOptions) {
			o.DB = 99
		}), "DB index is out of range", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, tt.rdb, false)
			keys, cmds := make([]string, 20), make([]redis.Cmder, 20)
			for i := range cmds {
				keys[i] = fmt.Sprint("k", i)
				cmds[i] = redis.NewStatusCmd(t.Context(), "set", keys[i], "v", "px", 60000)
			}
			c.Batch(t.Context(), keys, cmds)
			failed := 0
			for i, cmd := range cmds {
				if cmd.Err() == nil {
					if got, err := tt.rdb.Get(t.Context(), keys[i]).Result(); got != "v" ||
						err != nil {
						t.Errorf("command %d succeeded, and the key holds %q, %v", i, got, err)
					}
					continue
				}
				failed++
				if !strings.Contains(cmd.Err().Error(), tt.want) {
					t.Errorf("command %d: %v, want %s", i, cmd.Err(), tt.want)
				}
			}
			if failed == 0 || tt.all != (failed == len(cmds)) {
				t.Errorf("%d of %d commands failed", failed, len(cmds))
			}
		})
	}
}

// Close refuses later commands and waits for those in flight, or until its context ends. If the
// context ends, queued commands fail and are not sent.
func TestClose(t *testing.T) {
	s := redistest.Start(t)
	for _, auto := range []bool{false, true} {
		c := newClient(t, s.Client(t), auto)
		const pause = 300 * time.Millisecond
		if err := s.Client(t).Do(t.Context(), "client", "pause", pause.Milliseconds(),
			"write").Err(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var wg sync.WaitGroup
		const callers = 100
		errs := make([]error, callers)
		key := func(i int) string { return fmt.Sprint(auto, i) }
		for i := range callers {
			wg.Go(func() {
				cmd := redis.NewStatusCmd(t.Context(), "set", key(i), "v", "px", 60000)
				errs[i] = c.Do(t.Context(), key(i), cmd).Err()
			})
		}
		for c.gate.state.Load() < callers {
			time.Sleep(time.Millisecond)
		}
		impatient, cancel := context.WithTimeout(t.Context(), pause/10)
		defer cancel()
		if err := c.Close(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with a deadline = %v", err)
		}
		if err := c.Do(t.Context(), "k",
			redis.NewStringCmd(t.Context(), "get", "k")).Err(); !errors.Is(err, ErrClosed) {
			t.Errorf("Do after Close = %v", err)
		}
		late := []redis.Cmder{redis.NewStringCmd(t.Context(), "get", "k")}
		if c.Batch(t.Context(), []string{"k"}, late); !errors.Is(late[0].Err(), ErrClosed) {
			t.Errorf("Batch after Close = %v", late[0].Err())
		}
		if err := c.Close(t.Context()); err != nil || time.Since(begun) < pause {
			t.Errorf("Close = %v after %v, the server answers after %v", err, time.Since(begun),
				pause)
		}
		wg.Wait()
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("the second Close = %v", err)
		}
		dropped := 0
		for i, err := range errs {
			if err != nil {
				dropped++
			}
			sent := s.Client(t).Exists(t.Context(), key(i)).Val() == 1
			if sent != (err == nil) || err != nil && !errors.Is(err, ErrClosed) {
				t.Errorf("command %d: %v, sent: %v", i, err, sent)
			}
		}
		if dropped > 0 != auto {
			t.Errorf("%d commands were dropped", dropped)
		}
	}
}

// The caller gets the panic of a client's hook, even if a batch goes to several servers.
func TestPanicInABatch(t *testing.T) {
	cluster := redistest.Cluster(t).Client(t)
	cluster.AddHook(panicHook{})
	c := newClient(t, cluster, false)
	keys, cmds := make([]string, 30), make([]redis.Cmder, 30)
	for i := range cmds {
		keys[i] = fmt.Sprint("k", i)
		cmds[i] = redis.NewStringCmd(t.Context(), "get", keys[i])
	}
	defer func() {
		if recover() != "hook" {
			t.Error("the panic was lost")
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	c.Batch(t.Context(), keys, cmds)
}

type panicHook struct{}

func (panicHook) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (panicHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (panicHook) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { panic("hook") }
}

// New refuses a client that has its own client-side cache.
func TestClientSideCache(t *testing.T) {
	for name, o := range map[string]*redis.Options{
		"config": {Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}},
		"cache":  {Protocol: 3, ClientSideCache: redis.NewLocalCache(redis.CacheConfig{})},
	} {
		o.Addr = "127.0.0.1:1"
		rdb := redis.NewClient(o)
		t.Cleanup(func() { rdb.Close() })
		if _, err := New(rdb, false); err == nil || !strings.Contains(err.Error(), "Options.Near") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	failed := func(err error) redis.Cmder {
		cmd := redis.NewCmd(t.Context(), "set", "k", "secret")
		cmd.SetErr(err)
		return cmd
	}
	for _, err := range []error{
		redisError("ERR unknown command 'set', with args beginning with: 'k' 'secret'"),
		redisError("ERR Unknown command 'set', with args beginning with: 'k' 'secret'"),
		errors.New(`redis: can't parse reply="secret" reading string`),
	} {
		if got := Err(failed(err)); got == nil || strings.Contains(got.Error(), "secret") ||
			!strings.Contains(strings.ToLower(got.Error()), "set") {
			t.Errorf("%v becomes %v", err, got)
		}
		if got := Err(failed(err)); Answered(got) != Answered(err) || Out(got) {
			t.Errorf("%v is answered: %v, and out: %v", got, Answered(got), Out(got))
		}
	}
	for text, want := range map[string]bool{
		"CROSSSLOT Keys in request don't hash to the same slot":                       true,
		"ERR eval/evalsha command keys must be in same slot":                          true,
		"ERR bad lua script for redis cluster, all the keys must be in the same SLOT": true,
		"WRONGTYPE Operation against a key":                                           false,
	} {
		if got := OtherSlot(redisError(text)); got != want {
			t.Errorf("%q: OtherSlot is %v", text, got)
		}
	}
	for text, want := range map[string]bool{
		"NOPERM User u has no permissions to run the 'evalsha' command": true,
		"ERR unknown command 'evalsha'":                                 true,
		"ERR Unknown command 'EVALSHA'":                                 true,
		"ERR command 'evalsha' is not supported":                        true,
		"ERR EVALSHA not allowed":                                       true,
		"ERR unsupported command":                                       true,
		"ERR value is not an integer or out of range":                   false,
		"NOSCRIPT No matching script":                                   false,
	} {
		if got := Refused(redisError(text)); got != want {
			t.Errorf("%q: Refused is %v", text, got)
		}
	}
	if Refused(errors.New("ERR unknown command")) || Refused(nil) {
		t.Error("Refused is true for an error that is no reply")
	}
	if OtherSlot(errors.New("no reply from slot 1")) {
		t.Error("OtherSlot is true for an error that is no reply")
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }
func (redisError) RedisError()     {}
