package cache

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"time"

	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// DefaultTTL is the TTL of the policy that a cache has by default, ttl.Active.
const DefaultTTL = time.Hour

// DefaultMaxValueBytes is the default of Options.MaxValueBytes.
const DefaultMaxValueBytes = 1 << 20

// Options are the optional parts of a cache. Nil Options, and each zero field,
// mean the documented default.
type Options struct {
	// TTL is the policy of the records. The default is ttl.Active(DefaultTTL).
	TTL ttl.Policy

	// MaxValueBytes is the largest encoded value, in bytes, that the cache
	// writes or hands out. The default is DefaultMaxValueBytes.
	MaxValueBytes int

	// Hook is told of every operation. The default is none.
	Hook Hook

	// Sweeper removes records that nobody has used for a time, in the background,
	// until Close. The default is none: records expire by their TTL alone.
	Sweeper sweep.Sweeper

	// TrackAccess notes in Redis when records are used, for Sweep and Inspect. It
	// is for a Fixed policy, and a Sweeper implies it; under Active, Redis knows
	// without. The default is not to track.
	//
	// It costs a script per access in the access' own round trip, at most once per
	// key, process and window (a twentieth of the TTL, a minute at most); about 110
	// bytes of Redis memory per record; and 512 KiB in the process.
	TrackAccess bool

	// AutoPipeline sends what more than four goroutines ask for at the same time as
	// pipelines, of which at most two are under way; who comes meanwhile waits for the
	// next. It pays from 8 goroutines that use the cache at the same time, costs nothing
	// to a few, and multiplies the throughput of many; a large value holds up what goes
	// along with it. On a cluster or a Ring each server has pipelines of its own, for more
	// than two goroutines that ask for its keys. A context is obeyed while a command waits
	// in the queue or for its pipeline, within some milliseconds: what still waits for its
	// turn when it ends is never sent. Contexts should have a deadline: two connections
	// that are dead and do not say so hold up all commands for a server until the client's
	// timeouts. The default is not to.
	//
	// It is not for a client that is a redis.AutoPipeliner already. By themselves go
	// the writes of Modify and UpdateField, accesses that a Fixed cache notes (see
	// TrackAccess), and reads that the client may serve from memory
	// (redis.ClientSideCacheConfig). Hooks of the client see the pipelines, and not the
	// contexts of the callers. go-redis has connections of its own for pipelines
	// (redis.Options.PipelinePoolSize).
	AutoPipeline bool
}

// settings are validated Options.
type settings struct {
	terms         ttl.Terms
	maxValueBytes int
	hook          Hook
	sweeper       sweep.Sweeper
	track         bool
	autoPipeline  bool
}

func (o *Options) settings() (settings, error) {
	if o == nil {
		o = &Options{}
	}
	s := settings{maxValueBytes: o.MaxValueBytes, hook: o.Hook, sweeper: o.Sweeper, track: o.TrackAccess || o.Sweeper != nil, autoPipeline: o.AutoPipeline}
	policy := o.TTL
	switch {
	case policy == nil:
		policy = ttl.Active(DefaultTTL)
	case isNil(policy):
		return s, fmt.Errorf("Options.TTL is a nil %T", policy)
	}
	s.terms = policy.Terms()
	if err := s.terms.Validate(); err != nil {
		return s, fmt.Errorf("Options.TTL: %w: %w", ErrTTL, err)
	}
	switch {
	case s.maxValueBytes == 0:
		s.maxValueBytes = DefaultMaxValueBytes
	case s.maxValueBytes < 0:
		return s, fmt.Errorf("Options.MaxValueBytes is %d: it must be positive", s.maxValueBytes)
	}
	if o.Hook != nil && isNil(o.Hook) {
		return s, fmt.Errorf("Options.Hook is a nil %T", o.Hook)
	}
	if o.TrackAccess && s.terms.Renews {
		return s, errors.New("Options.TrackAccess is for a Fixed policy: under Active, Redis knows when a record was used")
	}
	if o.Sweeper != nil {
		if isNil(o.Sweeper) {
			return s, fmt.Errorf("Options.Sweeper is a nil %T", o.Sweeper)
		}
		if err := o.Sweeper.Check(store.LongestIdle(s.terms)); err != nil {
			return s, fmt.Errorf("Options.Sweeper: %w", err)
		}
	}
	return s, nil
}

// isNil reports whether v is nil or holds a nil pointer, map, slice, function or
// channel.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// A name has no colon, so no cache sees the keys of another, and none of the
// characters that mean something in a SCAN pattern.
var validName = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// SetOption is an option of Set and SetMany.
type SetOption interface{ applySet(*setOptions) }

type setOptions struct {
	own    time.Duration
	hasOwn bool
}

// WithTTL gives a record a TTL of its own, at least a millisecond, in place of
// the policy's. Under an Active policy the record keeps it for its life: every
// access renews it by this TTL. Under a Fixed policy it is when the record
// expires, exactly.
//
// Under an Active policy such a record takes about 80 bytes more of Redis
// memory, and from the first one that a cache writes or meets, its reads run a
// script in place of GETEX; they stay one command.
func WithTTL(d time.Duration) SetOption { return withTTL(d) }

type withTTL time.Duration

func (w withTTL) applySet(o *setOptions) { o.own, o.hasOwn = time.Duration(w), true }

// ownTTL returns the TTL that the options give a record, or 0 for the policy's.
func ownTTL(opts []SetOption) (time.Duration, error) {
	var o setOptions
	for _, opt := range opts {
		if opt != nil {
			opt.applySet(&o)
		}
	}
	if !o.hasOwn {
		return 0, nil
	}
	if err := ttl.Check(o.own); err != nil {
		return 0, fmt.Errorf("%w: WithTTL: %w", ErrTTL, err)
	}
	return o.own, nil
}
