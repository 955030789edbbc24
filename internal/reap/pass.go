package reap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/access"
	"github.com/activettl/rediscache/internal/lease"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// maxWalkers is how many servers of a cluster a pass walks at the same time.
const maxWalkers = 4

// Cache is what a pass needs of a cache.
type Cache struct {
	Wire  *wire.Client
	Names names.Names
	Terms ttl.Terms
	Store *store.Store
	Index *access.Index // nil if accesses are not tracked
}

// Tracked reports whether a pass knows how long records have been idle.
func (c *Cache) Tracked() bool { return c.Terms.Renews || c.Index != nil }

// LongestIdle returns an upper bound of the idle times that a pass can see under a policy.
func LongestIdle(terms ttl.Terms) time.Duration {
	switch {
	case !terms.Renews: // a record counts as idle a window after its last note
		return terms.TTL - access.Window(terms.TTL)
	case terms.MaxAge == terms.TTL: // its deadline cuts every renewal short
		return 0
	}
	return terms.TTL - terms.Tolerance // a record counts as idle so long after its last renewal
}

// pass is a pass in progress.
type pass struct {
	cache   *Cache
	how     sweep.Pass
	lease   *lease.Lease
	maxIdle time.Duration
	local   bool // one server holds all keys

	silent access.Silent

	result sweep.Result
	total  int
	failed error // the first of a single record
}

// Run removes the records of a cache that are idle for at least maxIdle. If a server fails, the
// others are walked to their end, and the error is about the servers that failed.
//
// Under a policy that renews, it costs a SCAN per page, and a PTTL and a TYPE per record in one
// round trip per page. Each record with terms of its own costs a script in a second round trip.
// Each idle record costs a script in a third one.
//
// Where accesses are tracked, it costs a SCAN per page, a TYPE per record and a script per shard of
// the index, in one round trip each. Each idle record costs a script, or in a cluster a PTTL and
// two scripts. At the end it costs a walk over the index.
//
// The goroutine that calls Run calls how.Progress. If that panics or calls runtime.Goexit, the
// walks end first.
func Run(
	ctx context.Context, c *Cache, l *lease.Lease, maxIdle time.Duration, how sweep.Pass,
) (sweep.Result, error) {
	begun := time.Now()
	p := &pass{cache: c, how: how, lease: l, maxIdle: maxIdle}
	p.result.DryRun = how.DryRun
	err := p.run(ctx)
	if p.failed != nil {
		failed := fmt.Errorf("%d records failed, the first: %w", p.result.Failed, p.failed)
		err = errors.Join(err, failed)
	}
	p.result.Elapsed = time.Since(begun)
	return p.result, err
}

func (p *pass) run(ctx context.Context) error {
	servers, local, err := p.cache.Wire.Servers(ctx)
	if err != nil {
		return err
	}
	p.local = local
	if p.how.Progress != nil {
		for _, s := range servers {
			size, err := s.Size(ctx)
			if err != nil {
				continue // its walk will say why
			}
			p.total += int(size)
		}
	}
	err = p.walkAll(ctx, servers)
	if p.cache.Index != nil && !p.how.DryRun && ctx.Err() == nil && !errors.Is(err, sweep.ErrLost) {
		err = errors.Join(err, p.prune(ctx))
	}
	return err
}

// page is what came of a page.
type page struct {
	sweep.Result
	failed error // the first of a single record
}

// walkAll walks the servers, some at a time. This goroutine counts what comes of the pages.
func (p *pass) walkAll(ctx context.Context, servers []wire.Server) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(servers))
	sweepServer := func(ctx context.Context, i int, yield func(*page) bool) {
		errs[i] = p.walk(ctx, servers[i], yield)
		if errors.Is(errs[i], sweep.ErrLost) {
			cancel(sweep.ErrLost) // nobody else may go on either
		}
	}
	for page := range task.Merge(ctx, len(servers), maxWalkers, sweepServer) {
		p.count(page)
	}
	if cause := context.Cause(ctx); cause == sweep.ErrLost {
		return cause
	}
	return errors.Join(errs...)
}

// walk sweeps one server and yields what came of each page.
func (p *pass) walk(ctx context.Context, s wire.Server, yield func(*page) bool) error {
	begun := time.Now()
	for keys, err := range s.Pages(ctx, p.cache.Names.Prefix(), p.how.PageSize, store.PageKeys) {
		if err != nil {
			return err
		}
		page := &page{}
		err := p.sweep(ctx, keys, page)
		work := time.Since(begun) // and not that of the caller's Progress
		if !yield(page) && err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = p.rest(ctx, work)
		}
		if err != nil {
			return err
		}
		begun = time.Now()
	}
	return nil
}

// rest keeps the lease and pauses as the pass is paced.
func (p *pass) rest(ctx context.Context, work time.Duration) error {
	switch err := p.lease.Keep(ctx); {
	case errors.Is(err, lease.ErrLost):
		return sweep.ErrLost
	case err != nil:
		return err
	}
	pause := p.how.Pause(work)
	if pause == 0 {
		return ctx.Err()
	}
	return task.Sleep(ctx, pause)
}

// sweep removes the idle records of a page. Records that cannot be judged are counted; the error
// says why the server answers no more.
func (p *pass) sweep(ctx context.Context, keys []string, page *page) error {
	if len(keys) == 0 {
		return nil
	}
	judge, remove := p.judgeByTTL, p.removeByTTL
	if p.cache.Index != nil {
		judge, remove = p.judgeByIndex, p.removeByIndex
	}
	idle, err := judge(ctx, keys, page)
	switch {
	case err != nil || len(idle) == 0:
		return err
	case p.how.DryRun:
		page.Removed = len(idle)
		return nil
	}
	return remove(ctx, idle, page)
}

// count adds what came of a page to the result of the pass.
func (p *pass) count(page *page) {
	p.result.Scanned += page.Scanned
	p.result.Removed += page.Removed
	p.result.Kept += page.Kept
	p.result.Failed += page.Failed
	p.result.LongestIdle = max(p.result.LongestIdle, page.LongestIdle)
	if p.failed == nil {
		p.failed = page.failed
	}
	if p.how.Progress != nil {
		p.how.Progress(sweep.Progress{Scanned: p.result.Scanned, Total: p.total,
			Removed: p.result.Removed})
	}
}

// tally counts the replies of scripts on keys, which answer 1 for a record that they removed.
func (p *pass) tally(ctx context.Context, page *page, keys []string, cmds []redis.Cmder) error {
	for i, cmd := range cmds {
		n, err := cmd.(*redis.Cmd).Int()
		switch {
		case err != nil && wire.WrongType(err):
			page.Kept++
		case err != nil:
			if fatal := page.fail(ctx, cmd, 1); fatal != nil {
				return fatal
			}
		case n == 0:
			page.Kept++
		default:
			page.Removed++
			p.cache.Store.Removed(keys[i])
		}
	}
	return nil
}

// fail counts n records that failed by a command. It returns an error if the server or the caller
// is the cause, so that the walk cannot go on.
func (page *page) fail(ctx context.Context, cmd redis.Cmder, n int) (fatal error) {
	page.Failed += n
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := wire.Err(cmd)
	if err == nil { // the reply was not what the caller can read
		err = wire.Unexpected(cmd)
	} else if !wire.Answered(cmd.Err()) {
		return err
	}
	if page.failed == nil {
		page.failed = err
	}
	return nil
}

// failIndex counts a record that failed by a command to the index. The index may be on another
// server than the record, so the walk goes on unless the caller has gone.
func (page *page) failIndex(ctx context.Context, cmd redis.Cmder) (fatal error) {
	if err := page.fail(ctx, cmd, 1); ctx.Err() != nil {
		return err
	} else if err != nil && page.failed == nil {
		page.failed = err
	}
	return nil
}
