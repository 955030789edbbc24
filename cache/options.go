package cache

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/reap"
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

	// MaxValueBytes is the largest value, in bytes as they are stored, that the cache writes or
	// hands out. What a codec of package compress makes of them has a bound of its own there. The
	// default is DefaultMaxValueBytes.
	MaxValueBytes int

	// Hook is told of every operation. The default is none.
	Hook Hook

	// Sweeper removes records that nobody has used for a time, in the background,
	// until Close. The default is none: records expire by their TTL alone.
	Sweeper sweep.Sweeper

	// TrackAccess notes in Redis when records are used, for Sweep and Inspect. It is for a Fixed
	// policy, and a Sweeper implies it. Under Active it has no effect: there the TTLs tell. The
	// default is not to track.
	//
	// A process notes an access at most once per key and window. The window is a twentieth of the
	// TTL, from 10 ms to a minute. The note is a script in the round trip of the access. In a
	// cluster it may be a command by itself. A note never fails or delays the access. It costs
	// about 110 bytes of Redis memory per record. In the process it costs up to about 10 MiB, for
	// the last 65,536 keys.
	TrackAccess bool

	// Near keeps decoded copies of records in this process, with a bound on how old they are. It is
	// for a Fixed policy, or an Active one with a ttl.Tolerance. Callers share the values, and must
	// not modify what they refer to, unless the codec is a codec.Cloner. The default is none.
	Near *Near

	// Load says how GetOrLoad, GetOrLoadMany and Reload load records.
	Load LoadConfig

	// AutoPipeline batches concurrent commands. Up to 4 goroutines (2 per server of a cluster or a
	// Ring) send directly. Beyond that commands queue, with at most 2 pipelines of 64 commands in
	// flight per server. A command whose context ends while it is queued is not sent. Up to 4
	// goroutines it has no effect; from 8 it is faster; with hundreds it is several times as fast.
	// The default is not to batch.
	//
	// Give contexts a deadline. Otherwise two dead connections hold up all commands for a server
	// until the client's timeouts. The writes of Modify, Upsert, Add, UpdateField and UpdateFields
	// are sent directly.
	//
	// Hooks of the client see the pipelines, and not the contexts of the callers. Such a hook must
	// not call the cache, since it would wait for itself. go-redis can use separate connections for
	// pipelines (redis.Options.PipelinePoolSize).
	AutoPipeline bool

	// Namespace stands before the cache's name in every key. With "shop/prod/", the record 42 of
	// the cache users is shop/prod/users:42. One ACL pattern, ~shop/prod/*, then covers all caches
	// of the namespace. A namespace consists of parts of letters, digits, _ and -, each followed by
	// / or a dot. Namespace and name have 256 bytes together at most. The default is none.
	Namespace string

	// RedactKeys puts a fingerprint in place of the key in every error, for keys that are secrets,
	// such as session tokens. It is the first 8 bytes, in hex, of an HMAC-SHA256 of the key's text.
	// It also takes the place of keys in the text of Redis' errors, and of those of the caller's
	// functions. A key of fewer than 6 bytes is found there only in quotes. The default is to show
	// keys.
	RedactKeys bool

	// RedactSecret is the key of that HMAC. Processes with the same secret show the same
	// fingerprint for a key. The default is a random one for each cache object.
	RedactSecret Secret
}

// settings are validated Options.
type settings struct {
	terms         ttl.Terms
	maxValueBytes int
	hook          Hook
	sweeper       sweep.Sweeper
	track         bool
	load          load.Config
	near          *near.Config            // nil without copies in this process
	redact        func(key string) string // nil where keys are shown
}

func (o *Options) settings() (settings, error) {
	s := settings{
		maxValueBytes: o.MaxValueBytes,
		hook:          o.Hook,
		sweeper:       o.Sweeper,
		track:         o.TrackAccess || o.Sweeper != nil,
	}
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
		return s, errors.New("Options.TrackAccess is for a Fixed policy: " +
			"under Active, Redis knows when a record was used")
	}
	if o.Sweeper != nil {
		if isNil(o.Sweeper) {
			return s, fmt.Errorf("Options.Sweeper is a nil %T", o.Sweeper)
		}
		if err := o.Sweeper.Check(reap.LongestIdle(s.terms)); err != nil {
			return s, fmt.Errorf("Options.Sweeper: %w", err)
		}
	}
	var err error
	if s.load, err = o.Load.config(); err != nil {
		return s, err
	}
	if o.Near != nil {
		cfg, err := o.near(s.terms.Renews && s.terms.Tolerance == 0)
		if err != nil {
			return s, err
		}
		s.near = &cfg
	}
	switch secret := o.RedactSecret.Reveal(); {
	case secret != "" && !o.RedactKeys:
		return s, errors.New("Options.RedactSecret is set and Options.RedactKeys is not")
	case o.RedactKeys:
		s.redact = fingerprints(secret)
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

// SetOption is an option of Set, SetMany, Add and Upsert.
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
// Under an Active policy such a record takes about 80 bytes more of Redis memory. After a process
// has met one, it reads by a script in place of GETEX, still one command. It returns to GETEX when
// 256 reads in a row have met none.
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
