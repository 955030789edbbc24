package cache

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/internal/load"
)

// LoadStats tell a Hook where the records of GetOrLoad, GetOrLoadMany and Reload came from, and
// what became of what was loaded.
type LoadStats struct {
	Stale  int // records that were due for a refresh, and were returned
	Absent int // keys that are known to be absent, or that the loader did not find
	Loaded int // records that were loaded for this operation
	Joined int // records that another operation of this process loaded meanwhile
	Fleet  int // records that another process loaded meanwhile

	Superseded int // loaded values that were not stored: the record was written meanwhile
	Unstored   int // loaded values that were not stored for another reason, which Err tells

	Waited time.Duration // for loads, own or of others; in "Load" and "Refresh", for the loader
}

// count counts where a record came from.
func (s *LoadStats) count(out load.Outcome) {
	switch {
	case out.Err != nil:
		if errors.Is(out.Err, ErrNotFound) {
			s.Absent++
		}
	case out.Source == load.Fleet:
		s.Fleet++
	case out.Source == load.Loaded && out.Joined:
		s.Joined++
	case out.Source == load.Loaded:
		s.Loaded++
	}
}

// endLoad closes an operation with a loader.
func (o *operation) endLoad(
	ctx context.Context, hits, misses int, stats *LoadStats, err error,
) error {
	if o.hook == nil {
		return err
	}
	o.op.Hits, o.op.Misses, o.op.Load = hits, misses, stats
	return o.finish(ctx, err)
}

// teller tells the Hook what happens in the background.
type teller struct{ *core }

// Begin implements load.Teller.
func (t teller) Begin(
	ctx context.Context, refresh bool, keys int,
) (context.Context, func(load.Report)) {
	if t.hook == nil {
		return ctx, func(load.Report) {}
	}
	kind := "Load"
	if refresh {
		kind = "Refresh"
	}
	var run operation
	t.tasks.call(func() { ctx, run = t.begin(ctx, kind, keys) }) // it may call Close
	return ctx, func(r load.Report) {
		err := r.Err
		if err != nil {
			err = t.fail(kind, t.text(r.Key), err)
		}
		stats := &LoadStats{
			Loaded: r.Loaded, Absent: r.Absent, Superseded: r.Superseded, Unstored: r.Unstored,
			Waited: r.Elapsed,
		}
		run.secrets = t.texts(r.Keys)
		t.tasks.call(func() { _ = run.endLoad(ctx, 0, r.Absent, stats, err) })
	}
}

// texts returns the texts of keys.
func (c *core) texts(keys []string) []string {
	all := make([]string, len(keys))
	for i, key := range keys {
		all[i] = c.text(key)
	}
	return all
}

// Outage implements load.Teller.
func (t teller) Outage(ctx context.Context, err error) {
	t.tasks.call(func() { t.notice(ctx, "Outage", err) })
}

// Hide implements load.Teller.
func (t teller) Hide(err error, keys []string) error {
	if t.redact == nil {
		return err
	}
	for _, key := range keys {
		err = hide(err, t.label(t.text(key)), t.text(key))
	}
	return err
}

// notice tells the Hook of something that is no operation.
func (c *core) notice(ctx context.Context, kind string, err error) {
	ctx, run := c.begin(ctx, kind, 0)
	_ = run.endMany(ctx, 0, 0, c.fail(kind, "", err))
}

// Unreturned implements load.Teller.
func (teller) Unreturned(v any, stack []byte) error {
	return unreturned(v, stack)
}
