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

// DefaultTTL is the TTL of the default policy, ttl.Active(DefaultTTL).
const DefaultTTL = time.Hour

// DefaultMaxValueBytes is the default of Options.MaxValueBytes: 1 MiB.
const DefaultMaxValueBytes = 1 << 20

// Options are the options of a cache. Each zero field means its default, and nil Options mean that
// all fields are zero. New copies the Options, so one value may serve for several caches.
type Options struct {
	// TTL is the policy of the records. The default is ttl.Active(DefaultTTL).
	TTL ttl.Policy

	// MaxValueBytes is the largest size, in bytes as stored, of a value that the cache writes or
	// returns. Beyond it, the error is ErrTooLarge. Only GetOrLoad, GetOrLoadMany and Reload return
	// a larger value that their loader returned, and do not store it. Codecs of package compress
	// have a separate limit for the size after decompression. The default is DefaultMaxValueBytes.
	MaxValueBytes int

	// Hook is called at the start and the end of every operation. The default is none.
	Hook Hook

	// Sweeper removes unused records in the background until Close, usually a sweep.Periodic. The
	// default is none: records expire only by their TTL.
	Sweeper sweep.Sweeper

	// TrackAccess notes in Redis when records are used, for Sweep and Inspect. It is for a Fixed
	// policy, and a Sweeper implies it there. New refuses it under Active, where the TTL of a
	// record already tells how long it has been idle. The default is off.
	//
	// A process notes at most one access per key and window. The window is a twentieth of the TTL,
	// from 10 ms to a minute. A note costs a script in the round trip of the access. In a cluster
	// it may be a separate command. It never fails or delays the access. Tracking takes about 110
	// bytes of Redis memory per record, and up to about 10 MiB in each process, for the last 65,536
	// keys.
	TrackAccess bool

	// Near keeps decoded copies of records in this process, with a limit on their age. It needs a
	// Fixed policy, or an Active one with a ttl.Tolerance. Callers share the values and must not
	// modify what they refer to, unless the codec is a codec.Cloner. The default is none.
	Near *Near

	// Load configures GetOrLoad, GetOrLoadMany and Reload. The default is the zero LoadConfig.
	Load LoadConfig

	// AutoPipeline batches concurrent commands. Up to 4 goroutines (2 per server of a cluster or a
	// Ring) send directly. Beyond that, commands queue, and at most 2 pipelines of 64 commands are
	// in flight per server. A command whose context ends while it is queued is not sent. There is
	// no effect up to 4 goroutines. It is faster from 8, and several times faster with hundreds.
	// The default is off.
	//
	// Give contexts a deadline. Otherwise two dead connections block all commands to a server until
	// the client's timeouts. The writes of Modify, Upsert, Add, UpdateField and UpdateFields are
	// not batched.
	//
	// Hooks of the client see the pipelines, but not the contexts of the callers. Such a hook must
	// not call the cache, since it would wait for itself. go-redis can use separate connections for
	// pipelines, see redis.Options.PipelinePoolSize.
	AutoPipeline bool

	// Namespace is put before the name of the cache in every key. With "shop/prod/", the record 42
	// of the cache users is shop/prod/users:42. One ACL pattern, ~shop/prod/*, then covers all
	// caches of the namespace. A namespace consists of parts of letters, digits, _ and -, each
	// followed by / or a dot. Namespace and name together have at most 256 bytes. The default is
	// none.
	Namespace string

	// RedactKeys shows a fingerprint in place of the key in every error. Use it if keys are
	// secrets, such as session tokens. The fingerprint is the first 8 bytes, in hex, of an
	// HMAC-SHA256 of the key's text.
	//
	// It also replaces keys in the text of errors of Redis and of functions of the caller. There, a
	// key of fewer than 6 bytes is replaced only in quotes. The default is off: errors show keys.
	RedactKeys bool

	// RedactSecret is the secret of that HMAC. Processes with the same secret show the same
	// fingerprint for a key. New refuses it without RedactKeys. The default is a random secret for
	// each cache object.
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
	redact        func(key string) string // nil if keys are shown
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

// isNil reports whether v is nil or holds a nil pointer, map, slice, function or channel.
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

// SetOption is an option of Set, SetMany, Add and Upsert: see [WithTTL].
type SetOption interface{ applySet(*setOptions) }

type setOptions struct {
	own    time.Duration
	hasOwn bool
}

// WithTTL gives a record its own TTL in place of the policy's TTL. d is at least a millisecond;
// otherwise the operation returns [ErrTTL]. Under an Active policy, the record keeps this TTL for
// its life: every access renews it for d. Under a Fixed policy, the record expires exactly d after
// the write, without Jitter.
//
// Under an Active policy, such a record takes about 80 bytes more of Redis memory. After a process
// has read or written one, it reads with a script in place of GETEX, which is still one command. It
// returns to GETEX after 256 reads in a row without such a record. The same holds under Fixed with
// a [ttl.Refresh] if d is shorter than the policy's TTL, with GET in place of GETEX.
func WithTTL(d time.Duration) SetOption { return withTTL(d) }

type withTTL time.Duration

func (w withTTL) applySet(o *setOptions) { o.own, o.hasOwn = time.Duration(w), true }

// ownTTL returns the record's own TTL, or 0 for the policy's TTL.
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
