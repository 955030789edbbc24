package cache

import (
	"cmp"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// Config says where Redis is and how long records live. [FromEnv] reads one from the environment,
// and a program may change it. The zero Config is that of an empty environment. Printing or
// marshalling a Config shows no password. A Config is a value: copies may be used concurrently.
//
// FromEnv checks what it reads. Of a Config that a program has changed, New checks the Options.
type Config struct {
	// Host is a name, an IP address or, if it begins with /, the path of a unix socket. The default
	// is localhost. Port is not used with a socket. Its default is 6379.
	Host string
	Port int

	// Addrs are host:port addresses in place of Host and Port: some nodes of a cluster or, with a
	// MasterName, of Sentinels. A cluster may be named by one address, such as the configuration
	// endpoint of a cloud. The default is none.
	Addrs []string

	// MasterName is the primary's name among the Sentinels. The default is none, no Sentinels.
	MasterName string

	// DB is the number of the database. The default is 0, the only one that a cluster has.
	DB int

	// Username and Password are for the servers, and SentinelUsername and SentinelPassword for the
	// Sentinels. The default is none.
	Username         string
	Password         Secret
	SentinelUsername string
	SentinelPassword Secret

	// PasswordFile holds the password, in place of Password. The client reads it for each new
	// connection, so the password may change. Line ends behind the password do not count. If it
	// cannot be read, the connection fails. The default is none.
	PasswordFile string

	// TLS encrypts connections and verifies the server by the authorities of the machine, or by
	// those in TLSCAFile. TLSCertFile and TLSKeyFile are the client's certificate. They are read
	// for each new connection, the authorities once for each client. Any of the files implies TLS.
	// All are PEM. The default is no TLS.
	TLS         bool
	TLSCAFile   string
	TLSCertFile string
	TLSKeyFile  string

	// ClientName is shown by CLIENT LIST. The default is none.
	ClientName string

	// PoolSize is the number of connections to each server. Zero means 10 for each CPU that Go
	// uses, and 5 in a cluster.
	PoolSize int

	// DialTimeout bounds how long a connection takes to be made. ReadTimeout bounds each read and
	// each write. The default of both is 900 ms: see [Config.Client].
	DialTimeout time.Duration
	ReadTimeout time.Duration

	// ReadFrom says which servers answer reads that renew nothing. The default is the primary.
	ReadFrom ReadFrom

	// DefaultTTL is the policy's TTL. The default is that of this package, an hour.
	DefaultTTL time.Duration

	// FixedTTL chooses ttl.Fixed over ttl.Active. The default is Active.
	FixedTTL bool

	// MaxAge and Tolerance are options of ttl.Active, Jitter is one of ttl.Fixed, and Refresh is
	// one of both. The default is none.
	MaxAge    time.Duration
	Tolerance time.Duration
	Jitter    float64
	Refresh   time.Duration

	// SweepInterval and SweepIdle set a sweep.Periodic: how often it makes a pass, and for how long
	// a record must not have been used. The default is none, no sweeper.
	SweepInterval time.Duration
	SweepIdle     time.Duration

	// NearBytes and NearStaleness are MaxBytes and Staleness of Options.Near. Either turns Near on,
	// and the other one has its default. The default is none, no copies.
	NearBytes     int64
	NearStaleness time.Duration

	// Namespace is that of the Options. The default is none.
	Namespace string

	// more is what REDIS_URL says and no field can. It holds no password.
	more *redis.UniversalOptions
}

// ReadFrom says which servers of a cluster, or of those that Sentinels watch, answer reads. Reads
// that renew a record are writes, which the primary answers: so it is for a Fixed policy, for a
// tolerance, and for Peek. A replica may lag behind: a read may miss what was just written.
type ReadFrom string

// The values of ReadFrom.
const (
	ReadPrimary ReadFrom = "primary" // the default
	ReadReplica ReadFrom = "replica" // any replica, or the primary if there is none
	ReadNearest ReadFrom = "nearest" // the server that answers fastest
)

// Options returns new Options of a cache, with the policy, the sweeper, the copies and the
// namespace that the Config names.
func (c Config) Options() *Options {
	o := &Options{TTL: c.policy(), Namespace: c.Namespace}
	if c.SweepInterval != 0 || c.SweepIdle != 0 {
		o.Sweeper = sweep.Periodic{Interval: c.SweepInterval, MaxIdle: c.SweepIdle}
	}
	if c.NearBytes != 0 || c.NearStaleness != 0 {
		o.Near = &Near{MaxBytes: c.NearBytes, Staleness: c.NearStaleness}
	}
	return o
}

func (c Config) policy() ttl.Policy {
	var opts []ttl.Option
	if c.MaxAge != 0 {
		opts = append(opts, ttl.MaxAge(c.MaxAge))
	}
	if c.Tolerance != 0 {
		opts = append(opts, ttl.Tolerance(c.Tolerance))
	}
	if c.Jitter != 0 {
		opts = append(opts, ttl.Jitter(c.Jitter))
	}
	if c.Refresh != 0 {
		opts = append(opts, ttl.Refresh(c.Refresh))
	}
	d := cmp.Or(c.DefaultTTL, DefaultTTL)
	if c.FixedTTL {
		return ttl.Fixed(d, opts...)
	}
	return ttl.Active(d, opts...)
}
