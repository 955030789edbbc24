package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/recent"
)

// server is the Redis of the tour, and the way in which time passes on it.
type server struct {
	about string
	rdb   redis.UniversalClient
	other redis.UniversalClient                            // the client of another process
	pass  func(ctx context.Context, d time.Duration) error // lets d pass
	close func()                                           // without the clients

	ttl    time.Duration // of all policies
	pause  time.Duration // more than half of ttl: a record that is not used for two pauses expires
	maxAge time.Duration // of sessions: more than two pauses
}

// opener returns the server of a tour.
type opener func(context.Context) (*server, error)

// openServer returns the server that the environment names, or one inside this process.
func openServer(ctx context.Context) (*server, error) {
	if cmp.Or(os.Getenv("REDIS_URL"), os.Getenv("REDIS_HOST"), os.Getenv("REDIS_ADDRS")) == "" {
		return embedded(ctx)
	}
	cfg, err := cache.FromEnv()
	if err != nil {
		return nil, err
	}
	return dial(ctx, cfg)
}

// embedded returns a miniredis. Its clock moves only when the tour moves it.
func embedded(context.Context) (*server, error) {
	m := miniredis.NewMiniRedis()
	now := time.Now().Truncate(time.Millisecond)
	m.SetTime(now)
	m.ClockTTL(true)
	options := &redis.Options{Dialer: minipipe.Dialer(m), ContextTimeoutEnabled: true}
	return &server{
		about: "embedded, the tour moves its clock; set REDIS_HOST or REDIS_URL to use a real one",
		rdb:   redis.NewClient(options), other: redis.NewClient(options),
		pass: func(ctx context.Context, d time.Duration) error {
			now = now.Add(d)
			m.SetTime(now)
			recent.Skip(d) // what the caches remember gets older too
			return ctx.Err()
		},
		close: m.Close,
		ttl:   30 * time.Minute, pause: 20 * time.Minute, maxAge: 12 * time.Hour,
	}, nil
}

// dial returns the real server that cfg names. If it does not answer, the error names it.
func dial(ctx context.Context, cfg cache.Config) (*server, error) {
	addr := strings.Join(cfg.UniversalOptions().Addrs, ", ")
	rdb := cfg.Client()
	short, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	if err := rdb.Ping(short).Err(); err != nil {
		_ = rdb.Close()
		return nil, fmt.Errorf("cannot use the Redis at %s: %w", addr, err)
	}
	return &server{
		about: "a real Redis at " + addr + ", where the tour waits while time passes",
		rdb:   rdb, other: cfg.Client(),
		pass: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		close: func() {},
		ttl:   4 * time.Second, pause: 2400 * time.Millisecond, maxAge: 6400 * time.Millisecond,
	}, nil
}

// tour is what the scenes share.
type tour struct {
	*server
	out       io.Writer
	records   []Record
	namespace string // of all caches; another tour on the same server has another one
	caches    []clearer
}

// byID returns the records by their ids.
func (t *tour) byID() map[int]Record {
	records := map[int]Record{}
	for id, record := range t.records {
		records[id] = record
	}
	return records
}

type clearer interface {
	Clear(context.Context) (int, error)
	Close() error
}

// play plays the scenes. It removes what they wrote, even if the tour fails or is stopped.
func play(ctx context.Context, open opener, out io.Writer, records []Record) (err error) {
	srv, err := open(ctx)
	if err != nil {
		return err
	}
	t := &tour{server: srv, out: out, records: records}
	t.namespace = "tour-" + strings.ToLower(rand.Text()[:8]) + "/"
	defer func() { err = errors.Join(err, t.clear(ctx)) }()
	fmt.Fprintf(out, "server   %s\nrecords  %d JSON objects\n", t.about, len(records))
	scenes := []struct {
		title string
		play  func(context.Context)
	}{
		{"Read-through: the database is asked once", t.readThrough},
		{"Sessions: they live while they are used", t.sessions},
		{"Updates: no change is lost", t.update},
		{"Near: copies in this process", t.near},
		{"Sweep: unused records go early", t.sweep},
	}
	for i, scene := range scenes {
		fmt.Fprintf(out, "\n%d. %s\n", i+1, scene.title)
		if err := attempt(ctx, scene.play); err != nil {
			return fmt.Errorf("scene %d (%s): %w", i+1, scene.title, err)
		}
	}
	fmt.Fprintf(out, "\nAll %d scenes passed.\n", len(scenes))
	return nil
}

// clear removes the records of all caches and closes everything. It returns the first error.
func (t *tour) clear(ctx context.Context) (first error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, c := range t.caches {
		if _, err := c.Clear(ctx); err != nil && first == nil {
			first = fmt.Errorf("removing the tour's records: %w (they expire by themselves)", err)
		}
		_ = c.Close()
	}
	_, _ = t.rdb.Close(), t.other.Close()
	t.close()
	return first
}

// newCache is cache.New for the tour: the cache is cleared at the end.
func newCache[K comparable, V any](
	t *tour, rdb redis.UniversalClient, name string, c codec.Codec[V], o cache.Options,
) *cache.Cache[K, V] {
	o.Namespace = t.namespace
	made := value(cache.New[K](rdb, name, c, &o))
	t.caches = append(t.caches, made)
	return made
}

// failure is what must, value and check panic with. So a scene reads like a list of calls.
type failure struct{ err error }

// attempt plays a scene and returns the error that ended it.
func attempt(ctx context.Context, scene func(context.Context)) (err error) {
	defer func() {
		p := recover()
		if f, ok := p.(failure); ok {
			err = f.err
		} else if p != nil {
			panic(p)
		}
	}()
	scene(ctx)
	return nil
}

// must ends the scene if err is not nil.
func must(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// value returns v, or ends the scene if err is not nil.
func value[V any](v V, err error) V {
	must(err)
	return v
}

// show prints a call and its result.
func (t *tour) show(call, result string, args ...any) {
	fmt.Fprintf(t.out, "   %-42s %s\n", call, fmt.Sprintf(result, args...))
}

// check is show for a result that the library promises. It ends the scene if ok is false.
func (t *tour) check(ok bool, call, result string, args ...any) {
	if !ok {
		must(fmt.Errorf("check failed: %s: %s", call, fmt.Sprintf(result, args...)))
	}
	t.show(call, result, args...)
}

// wait lets a pause pass.
func (t *tour) wait(ctx context.Context) {
	fmt.Fprintf(t.out, "   ... %s pass\n", t.pause)
	must(t.pass(ctx, t.pause))
}

// atOnce calls do n times at the same time, and returns when all calls have returned.
func atOnce(n int, do func(i int) error) {
	var group sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		group.Go(func() { errs[i] = do(i) })
	}
	group.Wait()
	must(errors.Join(errs...))
}
