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
	case !terms.Renews: // see staleAfter
		return terms.TTL - access.Window(terms.TTL)
	case terms.MaxAge == terms.TTL: // its deadline cuts every renewal short
		return 0
	}
	return terms.TTL - terms.Tolerance // see unusedAfter
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
	failed error // the first error that was about a single record
}

// Run removes the records of a cache that are idle for at least maxIdle. If a server fails, Run
// still walks the others to their end. It returns the errors of the servers that failed.
//
// Under a policy that renews, it costs a SCAN per page, and a PTTL and a TYPE per record in one
// round trip per page. Each record with its own terms costs a script in a second round trip. Each
// idle record costs a script in a third one.
//
// If accesses are tracked, it costs a SCAN per page, a TYPE per record and a script per shard of
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
				continue // its walk will return the error
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

// page is the result for one page of keys.
type page struct {
	sweep.Result
	failed error // the first error that was about a single record
}

// walkAll walks the servers, up to maxWalkers at the same time. It counts the results of the pages
// in the goroutine of its caller.
func (p *pass) walkAll(ctx context.Context, servers []wire.Server) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(servers))
	sweepServer := func(ctx context.Context, i int, yield func(*page) bool) {
		errs[i] = p.walk(ctx, servers[i], yield)
		if errors.Is(errs[i], sweep.ErrLost) {
			cancel(sweep.ErrLost) // the other walks must stop too
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

// walk sweeps one server and yields the result of each page.
func (p *pass) walk(ctx context.Context, s wire.Server, yield func(*page) bool) error {
	begun := time.Now()
	for keys, err := range s.Pages(ctx, p.cache.Names.Prefix(), p.how.PageSize, store.PageKeys) {
		if err != nil {
			return err
		}
		page := &page{}
		err := p.sweep(ctx, keys, page)
		work := time.Since(begun) // without the caller's Progress
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

// rest keeps the lease and then pauses, for as long as the pass wants after this much work.
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

// sweep removes the idle records of a page. It counts the records that it cannot judge as failed.
// An error ends the walk of this server.
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

// count adds the result of a page to the result of the pass.
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

// tally counts the replies to scripts on keys. A script answers 1 if it has removed the record.
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

// fail counts n records as failed because of a command. It returns an error if the walk cannot go
// on: the server does not answer, or ctx has ended.
func (page *page) fail(ctx context.Context, cmd redis.Cmder, n int) (fatal error) {
	page.Failed += n
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := wire.Err(cmd)
	if err == nil { // the caller could not read the reply
		err = wire.Unexpected(cmd)
	} else if !wire.Answered(cmd.Err()) {
		return err
	}
	if page.failed == nil {
		page.failed = err
	}
	return nil
}

// failIndex counts a record as failed because of a command to the index. The index may be on
// another server than the record. So the walk goes on unless ctx has ended.
func (page *page) failIndex(ctx context.Context, cmd redis.Cmder) (fatal error) {
	if err := page.fail(ctx, cmd, 1); ctx.Err() != nil {
		return err
	} else if err != nil && page.failed == nil {
		page.failed = err
	}
	return nil
}
