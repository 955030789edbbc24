package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/access"
	"github.com/activettl/rediscache/sweep"
)

// sweeper removes the records that nobody has used for a time.
type sweeper struct {
	policyFlags
	tolerance string
	maxIdle   lifetime
	dryRun    bool
}

func (c *sweeper) flags(fs *flag.FlagSet) {
	c.policyFlags.flags(fs)
	fs.Var(&c.maxIdle, "max-idle", "the `time` for which nobody has used the records, such as 10m")
	text(fs, &c.tolerance, "tolerance",
		"the `time` of the programs' ttl.Tolerance; replaces the environment")
	fs.BoolVar(&c.dryRun, "dry-run", false, "count these records and remove none")
}

// swept is what a pass did, in JSON.
type swept struct {
	Cache       string `json:"cache"`
	DryRun      bool   `json:"dryRun"`
	Scanned     int    `json:"scanned"`
	Removed     int    `json:"removed"`
	Kept        int    `json:"kept"`
	Failed      int    `json:"failed"`
	LongestIdle int64  `json:"longestIdleMs"`
	Elapsed     int64  `json:"elapsedMs"`
}

func (c *sweeper) run(ctx context.Context, s *session, args []string) error {
	s.subject = args[0]
	if c.maxIdle == 0 {
		return usage("-max-idle is required: the time for which nobody has used the records")
	}
	c.apply(s, args[0])
	if c.tolerance != "" {
		s.setPolicy(args[0], "TOLERANCE", "-tolerance", c.tolerance)
	}
	if !c.certain(args[0]) {
		which := "-policy-ttl"
		if _, prefix := ownVariables(args[0]); prefix != "" {
			which += " or " + prefix + "TTL"
		}
		return usage("%s must give the TTL of the cache's policy: with a wrong TTL, records in "+
			"use look idle. REDIS_DEFAULT_TTL may be the TTL of other caches", which)
	}
	t, err := s.open(ctx, args[0], true)
	if err != nil {
		return err
	}
	if err := c.tracked(ctx, s, t); err != nil {
		return err
	}
	if !c.dryRun && !s.yes {
		if err := s.canAsk(); err != nil {
			return err
		}
		would, err := c.pass(ctx, s, t, true)
		if err != nil {
			return err
		}
		if err := s.ask(ctx, "remove %d of %s of %s, which nobody has used for %s?", would.Removed,
			terminal.Count(would.Scanned, "record"), t.names,
			terminal.Duration(time.Duration(c.maxIdle))); err != nil {
			return err
		}
	}
	res, err := c.pass(ctx, s, t, c.dryRun)
	if err == nil || res.Scanned > 0 && code(err) != exitInterrupted {
		s.swept(t, c.dryRun, res)
	}
	return err
}

// tracked refuses a Fixed cache that does not track accesses. A first pass would note all its
// records as used now. A later pass would take records in use for idle.
func (c *sweeper) tracked(ctx context.Context, s *session, t *target) error {
	terms := s.config.Options().TTL.Terms()
	if terms.Renews {
		return nil
	}
	exists, err := access.New(s.wire, t.names, terms.TTL).Exists(ctx)
	if err == nil && !exists {
		return fail("it is not known when the records were used: under a Fixed policy, the " +
			"programs of the cache must set Options.TrackAccess or a Sweeper")
	}
	return err
}

// pass makes one pass.
func (c *sweeper) pass(
	ctx context.Context, s *session, t *target, dryRun bool,
) (sweep.Result, error) {
	done := "removed"
	if dryRun {
		done = "found idle"
	}
	p := s.newProgress(ctx)
	defer p.end()
	opts := []sweep.Option{sweep.OnProgress(func(now sweep.Progress) {
		p.show(fmt.Sprintf("%s of at most %s looked at, %s %s",
			terminal.Count(now.Scanned, "record"), terminal.Number(now.Total),
			terminal.Number(now.Removed), done))
	})}
	if dryRun {
		opts = append(opts, sweep.DryRun())
	}
	res, err := t.records.Sweep(ctx, time.Duration(c.maxIdle), opts...)
	switch {
	case err != nil && ctx.Err() != nil:
		return res, interrupted("%s looked at, %s %s", terminal.Count(res.Scanned, "record"),
			terminal.Number(res.Removed), done)
	case errors.Is(err, sweep.ErrBusy):
		return res, fail("another sweep of this cache is under way")
	case err == nil && res.Scanned == 0:
		return res, noRecords(0, nil)
	case err != nil && res.Scanned > 0:
		return res, fail("%s %s, and then: %s", terminal.Count(res.Removed, "record"), done,
			s.explain(err))
	}
	return res, err
}

// swept writes what a pass did.
func (s *session) swept(t *target, dryRun bool, res sweep.Result) {
	if s.json {
		s.line(swept{t.names.String(), dryRun, res.Scanned, res.Removed, res.Kept, res.Failed,
			res.LongestIdle.Milliseconds(), res.Elapsed.Milliseconds()})
		return
	}
	what := "removed"
	if dryRun {
		what = "would be removed"
	}
	failed := ""
	if res.Failed > 0 {
		failed = fmt.Sprintf(", %s failed", terminal.Number(res.Failed))
	}
	fmt.Fprintf(s.out, "%s looked at, %s %s%s, longest idle time %s\n",
		terminal.Count(res.Scanned, "record"), terminal.Number(res.Removed), what, failed,
		terminal.Duration(res.LongestIdle))
}
