package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// guide prints what the tour does, checks what it says, and clears up behind it.
type guide struct {
	*server
	out    io.Writer
	unique string // begins the names of the caches, so that tours do not meet on one server
	caches []clearer
}

type clearer interface {
	Name() string
	Clear(context.Context) (int, error)
	Len(context.Context) (int, error)
	Close() error
}

// onServer runs a tour and removes what it wrote, also when it failed or was stopped.
func onServer(
	ctx context.Context, open opener, out io.Writer, tour func(context.Context, *guide) error,
) (err error) {
	srv, err := open(ctx)
	if err != nil {
		return err
	}
	defer srv.close()
	g := &guide{server: srv, out: out, unique: "tour-" + strings.ToLower(rand.Text()[:8])}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		err = errors.Join(err, g.clear(ctx))
	}()
	return tour(ctx, g)
}

// clear tries to clear all caches and returns the first error: if the server is gone, one says it.
func (g *guide) clear(ctx context.Context) (first error) {
	for _, c := range g.caches {
		_, err := c.Clear(ctx)
		if err == nil {
			var left int
			if left, err = c.Len(ctx); err == nil && left > 0 {
				err = fmt.Errorf("%d records of %s are left after Clear", left, c.Name())
			}
		}
		if err != nil && first == nil {
			first = fmt.Errorf("clearing up: %w (what is left expires by itself)", err)
		}
		_ = c.Close()
	}
	return first
}

// newCache makes a cache that is cleared at the end. A program of yours would call cache.New just
// like this.
func newCache[K comparable, V any](
	g *guide, name string, c codec.Codec[V], policy ttl.Policy,
) *cache.Cache[K, V] {
	made, err := cache.New[K](g.rdb, g.unique+"/"+name, c, &cache.Options{TTL: policy})
	g.must(err)
	g.caches = append(g.caches, made)
	return made
}

// failure is what must and check panic with, so that steps read like the calls they show. attempt
// turns it into an error.
type failure struct{ err error }

func (g *guide) attempt(what string, do func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = fmt.Errorf("%s: %w", what, p.err)
		default:
			panic(p)
		}
	}()
	do()
	return nil
}

// must ends the tour if err is not nil.
func (g *guide) must(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// check ends the tour if what it promised is not so.
func (g *guide) check(ok bool, promise string, seen ...any) {
	if !ok {
		g.must(fmt.Errorf("not so: %s; seen: %s", promise,
			strings.TrimSpace(fmt.Sprintln(seen...))))
	}
}

func (g *guide) printf(format string, args ...any) {
	_, err := fmt.Fprintf(g.out, format, args...)
	g.must(err)
}

// show prints a call and what came of it.
func (g *guide) show(call, result string, args ...any) {
	g.printf("    %-44s %s\n", call, fmt.Sprintf(result, args...))
}

// wait lets time pass and says so.
func (g *guide) wait(ctx context.Context, d time.Duration) {
	g.show("... "+short(d)+" pass", "(%s)", g.how)
	g.must(g.pass(ctx, d))
}

// whole reports whether a record has its whole TTL before it, as it has right after a renewal.
func (g *guide) whole(left, ttl time.Duration) bool {
	return left <= ttl && left >= ttl-g.times.slack
}
