package compare

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/report"
)

const (
	// Parallel is the number of goroutines that make the calls of Calls.PerSecond.
	Parallel = 8

	slice    = 5 * time.Millisecond // of the first codec; the others make as many calls
	maxBurst = 16

	// With fewer rounds, noise in the p50 may be larger than a tie. On a busy machine, 5 rounds
	// chose JSON where 40 rounds chose Proto.
	fewRounds = 20
)

// Run compares the codecs of each group. It takes about a second per codec with the default rounds.
// Run it on a machine that does nothing else.
//
// A codec that fails on a record, or decodes another record, is not measured. Run then returns both
// a report and an error. The report shows the failure. The error joins an *Error for each such
// codec, which wraps ErrLossy if data was lost.
//
// With any other error there is no report: an argument is bad, the server fails or the context
// ends.
func Run(ctx context.Context, groups []Group, o *Options) (*Report, error) {
	options, err := o.checked()
	if err != nil {
		return nil, err
	}
	if err := validate(groups); err != nil {
		return nil, err
	}
	srv, err := connect(ctx, options.Client)
	if err != nil {
		return nil, err
	}
	defer srv.close()

	r := &run{Options: options, server: srv, prefix: "compare-" + token(),
		total: len(groups) * len(phases) * options.Rounds}
	out := &Report{
		Time: time.Now().UTC().Truncate(time.Second), Host: report.Host(), Server: srv.about,
		Rounds: options.Rounds, Parallel: Parallel, Rule: Rule,
	}
	if options.Rounds < fewRounds {
		out.Caution = fmt.Sprintf("%s only: enough to see that the codecs work, too few to "+
			"choose one by its times", plural(options.Rounds, "round"))
	}
	var failed []error
	for i, g := range groups {
		result, errs, err := r.group(ctx, i, g)
		if err != nil {
			return nil, fmt.Errorf("compare: %s: %w", g.Name, err)
		}
		out.Results = append(out.Results, result)
		failed = append(failed, errs...)
	}
	out.Memory = r.memoryNote()
	return out, errors.Join(failed...)
}

func token() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// run is the state of one call of Run.
type run struct {
	Options
	server      *server
	prefix      string // of the names of the caches
	done, total int    // rounds, for Progress
	noMemory    error  // the server's refusal of MEMORY USAGE
}

// runner is a codec that passed the check.
type runner struct {
	subject subject
	encoded [][]byte
	store   store
	figures *Figures
}

// group compares the codecs of one group. errs are failures of codecs, err is any other error.
func (r *run) group(
	ctx context.Context, number int, g Group,
) (result Result, errs []error, err error) {
	result = Result{Name: g.Name, Note: g.Note, Records: g.Entries[0].subject.len(),
		Codecs: make([]Figures, len(g.Entries))}
	var runners []*runner
	// Delete what was written, also after an error.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTimeout)
		defer cancel()
		for _, c := range runners {
			if c.store != nil {
				err = errors.Join(err, c.store.clear(ctx))
			}
		}
	}()
	for i, e := range g.Entries {
		c, failure := check(ctx, e, &result.Codecs[i])
		switch {
		case ctx.Err() != nil:
			return result, nil, ctx.Err()
		case failure != nil:
			failure.Group = g.Name
			errs = append(errs, failure)
			continue
		}
		runners = append(runners, c)
		// All names have the same length, because MEMORY USAGE includes the key.
		if err := r.open(ctx, c, fmt.Sprintf("%s/%03d/%03d", r.prefix, number, i)); err != nil {
			return result, nil, err
		}
	}
	if len(runners) > 0 {
		if err := r.measure(ctx, result.Records, runners); err != nil {
			return result, nil, err
		}
	}
	result.Best, result.Why = recommend(result.Codecs)
	r.done = (number + 1) * len(phases) * r.Rounds // also if no codec was measured
	r.Progress(r.done, r.total)
	return result, errs, nil
}

// check encodes and decodes every record, until one fails or the context ends. It fills in the name
// and the type of f, and its size or its error.
func check(ctx context.Context, e Entry, f *Figures) (*runner, *Error) {
	f.Name, f.Type = e.name, e.subject.kind()
	c := &runner{subject: e.subject, encoded: make([][]byte, e.subject.len()), figures: f}
	for i := 0; i < len(c.encoded) && ctx.Err() == nil; i++ {
		var err error
		if c.encoded[i], err = e.subject.roundTrip(i); err != nil {
			f.Error = fmt.Sprintf("record %d: %v", i, err)
			return nil, &Error{Codec: e.name, Record: i, Err: err}
		}
	}
	f.Bytes = mean(c.encoded)
	return c, nil
}

// open makes a cache for a codec and writes the records to it.
func (r *run) open(ctx context.Context, c *runner, name string) (err error) {
	if c.store, err = c.subject.store(r.server.rdb, name, longest(c.encoded)); err != nil {
		return err
	}
	if err := c.store.fill(ctx); err != nil {
		return err
	}
	return r.measureMemory(ctx, c)
}

// measureMemory asks a real server for the memory of the records, unless it refused once.
func (r *run) measureMemory(ctx context.Context, c *runner) error {
	if !r.server.real || r.noMemory != nil {
		return nil
	}
	bytes, err := r.server.memory(ctx, c.store.keys())
	switch {
	case err == nil:
		c.figures.RedisBytes = round1(bytes)
	case refused(err):
		r.noMemory = err
	default:
		return err
	}
	return nil
}

func (r *run) memoryNote() string {
	switch {
	case !r.server.real:
		return "not measured: the embedded miniredis cannot tell; it needs a real server"
	case r.noMemory != nil:
		return fmt.Sprintf("not measured: the server refuses MEMORY USAGE (%v)", r.noMemory)
	}
	return "MEMORY USAGE: key, value and overhead, without the entry for the TTL"
}
