package cache

import (
	"context"
	"time"

	"github.com/activettl/rediscache/internal/load"
)

// LoadStats tell a Hook where the records of GetOrLoad, GetOrLoadMany and Reload came from, and
// whether the loaded values were stored.
type LoadStats struct {
	Stale  int // records that were due for a refresh, and were returned
	Absent int // keys that are known to be absent, or that the loader did not find
	Loaded int // records that were loaded for this operation
	Joined int // records that another operation of this process loaded at the same time
	Fleet  int // records that another process loaded at the same time

	// Trigger says in "Load" and "Refresh" why the loader was called: "miss", "refresh", "reload",
	// or "outage" if Redis did not say whether there is a record.
	Trigger string

	// Scope says for which loads an operation waited: "own", "process" for those of another
	// operation of this process, "fleet" for those of another process, or "" for none. If several
	// apply, it is the last one in this order.
	Scope string

	Superseded int // loaded values that were not stored: the record was written during the load
	Unstored   int // loaded values that were not stored for another reason; see Err

	Waited time.Duration // for loads of any scope; in "Load" and "Refresh", for the loader
}

// The values of LoadStats.Scope.
const (
	scopeOwn     = "own"
	scopeProcess = "process"
	scopeFleet   = "fleet"
)

// count counts where a record came from, and sets the Scope.
func (s *LoadStats) count(out load.Outcome) {
	switch {
	case out.Source == load.Fleet:
		s.Scope = scopeFleet
	case out.Source == load.Loaded && out.Joined && s.Scope != scopeFleet:
		s.Scope = scopeProcess
	case out.Source == load.Loaded && s.Scope == "":
		s.Scope = scopeOwn
	}
	switch {
	case out.Err != nil:
	case out.Source == load.Fleet:
		s.Fleet++
	case out.Source == load.Loaded && out.Joined:
		s.Joined++
	case out.Source == load.Loaded:
		s.Loaded++
	}
}

// teller tells the Hook about background events.
type teller struct{ *core }

// Begin implements load.Teller.
func (t teller) Begin(
	ctx context.Context, why load.Trigger, keys int,
) (context.Context, func(*load.Report)) {
	if t.hook == nil {
		return ctx, func(*load.Report) {}
	}
	kind, hook := "Load", t.hook
	if why == load.Refresh {
		kind, hook = "Refresh", t.backgroundHook()
	}
	var run operation
	t.tasks.call(func() { ctx, run = t.beginTimed(ctx, hook, kind, keys) }) // it may call Close
	return ctx, func(r *load.Report) {
		defer run.ensureEnd(ctx) // the Error method of a loader's error may panic
		if r == nil {
			return
		}
		err := r.Err
		if r.Failed {
			err = &callerError{err}
		}
		if err != nil {
			err = t.fail(kind, t.text(r.Key), err)
		}
		stats := &LoadStats{
			Loaded: r.Loaded, Absent: r.Absent, Superseded: r.Superseded, Unstored: r.Unstored,
			Waited: r.Elapsed, Trigger: string(why),
		}
		run.secrets, run.byLoader = t.texts(r.Keys), r.Failed
		run.op.Misses, run.op.Load = r.Absent, stats
		t.tasks.call(func() { run.finish(ctx, err) })
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

// Refused implements load.Teller.
func (t teller) Refused(ctx context.Context, key string, err error) {
	t.notice(ctx, t.backgroundHook(), "Refresh", t.text(key), err)
}

// Outage implements load.Teller.
func (t teller) Outage(ctx context.Context, err error) {
	t.notice(ctx, t.backgroundHook(), "Outage", "", err)
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

// notice tells a hook about an event that is not an operation.
func (c *core) notice(ctx context.Context, hook Hook, kind, key string, err error) {
	if hook == nil {
		return
	}
	ctx, run := c.beginUntimed(ctx, hook, kind, 0)
	run.secrets = []string{key}
	_ = run.endMany(ctx, 0, 0, c.fail(kind, key, err))
}

// Unreturned implements load.Teller.
func (teller) Unreturned(v any, stack []byte) error {
	return unreturned(v, stack)
}
