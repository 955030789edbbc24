package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
)

// maxWalkers is how many servers of a cluster a pass walks at the same time.
const maxWalkers = 4

// Tracked reports whether the store knows how long its records have been idle.
func (s *Store) Tracked() bool { return s.sliding || s.tracker != nil }

// pass is a pass under way.
type pass struct {
	sweep.Pass
	*Store
	lease   *Lease
	maxIdle time.Duration
	local   bool // all keys are on one server

	mu     sync.Mutex
	result sweep.Result
	total  int
	failed error // the first of a single record
}

// Sweep removes the records that are idle for at least maxIdle. A server that
// fails fails its part: the others are walked to their end, and the error is
// about the parts that failed.
//
// Under a policy that renews, it costs a SCAN per page, a PTTL and a TYPE per
// record in one round trip per page, a script per record with terms of its own in
// another one, and a script per idle record in a third one. Where accesses are
// tracked, it costs a SCAN per page, a TYPE per record and a script per shard of
// the index in one round trip each, a script per idle record (in a cluster, a PTTL
// and two), and a walk over the index.
func (s *Store) Sweep(ctx context.Context, lease *Lease, maxIdle time.Duration, how sweep.Pass) (sweep.Result, error) {
	begun := time.Now()
	p := &pass{Pass: how, Store: s, lease: lease, maxIdle: maxIdle}
	err := p.run(ctx)
	if p.failed != nil {
		err = errors.Join(err, fmt.Errorf("%d records failed, the first: %w", p.result.Failed, p.failed))
	}
	p.result.Elapsed = time.Since(begun)
	return p.result, err
}

func (p *pass) run(ctx context.Context) error {
	nodes, local, err := p.primaries(ctx)
	if err != nil {
		return failure(err)
	}
	p.local = local
	if p.Progress != nil {
		for _, n := range nodes {
			size, err := n.size(ctx)
			if err != nil {
				continue // its walk will say why
			}
			p.total += int(size)
		}
	}
	err = p.walkAll(ctx, nodes)
	if p.tracker != nil && !p.DryRun && ctx.Err() == nil && !errors.Is(err, sweep.ErrLost) {
		err = errors.Join(err, p.prune(ctx))
	}
	return err
}

// walkAll walks the servers, some at a time. A panic of the caller's Progress is
// passed on when all of them have ended.
func (p *pass) walkAll(ctx context.Context, nodes []node) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	errs := make([]error, len(nodes))
	panics := make([]any, len(nodes))
	turns := make(chan struct{}, maxWalkers)
	for i, n := range nodes {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() {
				if panics[i] = recover(); panics[i] != nil {
					cancel(nil)
				}
				<-turns
			}()
			errs[i] = p.walk(ctx, n)
			if errors.Is(errs[i], sweep.ErrLost) {
				cancel(sweep.ErrLost) // nobody else may go on either
			}
		})
	}
	wg.Wait()
	for _, v := range panics {
		if v != nil {
			panic(v)
		}
	}
	if cause := context.Cause(ctx); cause == sweep.ErrLost {
		return cause
	}
	return errors.Join(errs...)
}

func (p *pass) walk(ctx context.Context, n node) error {
	begun := time.Now()
	for page, err := range p.pages(ctx, n, p.PageSize) {
		if err != nil {
			return failure(err)
		}
		part, err := p.page(ctx, page)
		work := time.Since(begun) // and not that of the caller's Progress
		p.count(part)
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
	if err := p.lease.keep(ctx); err != nil {
		return err
	}
	pause := p.Pause(work)
	if pause == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// page removes the idle records of a page. Records that cannot be judged are
// counted; the error says why the server answers no more.
func (p *pass) page(ctx context.Context, keys []string) (part sweep.Result, err error) {
	if len(keys) == 0 {
		return part, nil
	}
	judge, remove := p.judgeByTTL, p.removeByTTL
	if p.tracker != nil {
		judge, remove = p.judgeByIndex, p.removeByIndex
	}
	idle, err := judge(ctx, keys, &part)
	switch {
	case err != nil:
	case p.DryRun:
		part.Removed = len(idle)
	case len(idle) > 0:
		err = remove(ctx, idle, &part)
	}
	return part, err
}

// count adds what came of a page to the result of the pass.
func (p *pass) count(part sweep.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Scanned += part.Scanned
	p.result.Removed += part.Removed
	p.result.Kept += part.Kept
	p.result.Failed += part.Failed
	p.result.LongestIdle = max(p.result.LongestIdle, part.LongestIdle)
	if p.Progress != nil {
		p.Progress(sweep.Progress{Scanned: p.result.Scanned, Total: p.total, Removed: p.result.Removed})
	}
}

// tally counts the replies of scripts that answer 1 for a record that they
// removed.
func (p *pass) tally(ctx context.Context, part *sweep.Result, cmds []*redis.Cmd) error {
	for _, cmd := range cmds {
		n, err := cmd.Int()
		switch {
		case err != nil && wrongType(err):
			part.Kept++
		case err != nil:
			if fatal := p.fail(ctx, err, part, 1); fatal != nil {
				return fatal
			}
		case n == 0:
			part.Kept++
		default:
			part.Removed++
		}
	}
	return nil
}

// fail counts n records that failed by err. It returns an error if err is not
// about them but about the server or the caller, so that the walk cannot go on.
func (p *pass) fail(ctx context.Context, err error, part *sweep.Result, n int) (fatal error) {
	part.Failed += n
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, answered := errors.AsType[redis.Error](err); !answered {
		return failure(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = failure(err)
	}
	return nil
}
