package cache

import (
	"cmp"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// Config says where Redis is and how long records live. [FromEnv] reads a Config from the
// environment, and a program may change it. The zero Config is that of an empty environment:
// localhost:6379, without TLS, and an Active policy of one hour. Printing or marshalling a Config
// shows no password. A Config is a value: each goroutine may use its own copy.
//
// FromEnv checks what it reads. If a program changes a Config, New checks the Options that the
// Config returns. Nothing checks the fields for the client.
type Config struct {
	// Host is a name, an IP address or, if it begins with /, the path of a unix socket. The default
	// is localhost. Port is the TCP port. A socket ignores it. The default is 6379.
	Host string
	Port int

	// Addrs are host:port addresses in place of Host and Port: some nodes of a cluster or, with a
	// MasterName, some Sentinels. One address is enough for a cluster, such as the configuration
	// endpoint of a cloud. The default is none.
	Addrs []string

	// MasterName is the name of the primary that the Sentinels know. The default is none: no
	// Sentinels.
	MasterName string

	// DB is the number of the database. The default is 0. A cluster has only database 0.
	DB int

	// Username and Password are for the servers. SentinelUsername and SentinelPassword are for the
	// Sentinels. The default is none.
	Username         string
	Password         Secret
	SentinelUsername string
	SentinelPassword Secret

	// PasswordFile is the path of a file with the password, in place of Password. The client reads
	// it for each new connection, so the password may change. Line ends after the password are
	// ignored. If the file cannot be read, the connection fails. The default is none.
	PasswordFile string

	// TLS encrypts connections and verifies the server with the certificate authorities of the
	// machine, or with those in TLSCAFile. TLSCertFile and TLSKeyFile are the client's certificate
	// and its key. The client reads these two for each new connection, and TLSCAFile once. All
	// files are PEM. Each of them turns TLS on. The default is no TLS.
	TLS         bool
	TLSCAFile   string
	TLSCertFile string
	TLSKeyFile  string

	// ClientName is the name that CLIENT LIST shows. The default is none.
	ClientName string

	// PoolSize is the number of connections to each server. The default, 0, is 10 per CPU that Go
	// uses, and 5 per CPU in a cluster.
	PoolSize int

	// DialTimeout limits how long the client takes to make a connection. ReadTimeout limits each
	// read and each write. The default of both is 900 ms, see [Config.Client].
	DialTimeout time.Duration
	ReadTimeout time.Duration

	// ReadFrom says which servers answer reads that renew nothing. The default is ReadPrimary.
	ReadFrom ReadFrom

	// DefaultTTL is the TTL of the policy. The default is the constant DefaultTTL, one hour.
	DefaultTTL time.Duration

	// FixedTTL chooses ttl.Fixed over ttl.Active. The default is Active.
	FixedTTL bool

	// MaxAge and Tolerance are options of ttl.Active. Jitter is an option of ttl.Fixed. Refresh is
	// an option of both. The default is none.
	MaxAge    time.Duration
	Tolerance time.Duration
	Jitter    float64
	Refresh   time.Duration

	// SweepInterval and SweepIdle set a sweep.Periodic: the time between two passes, and the idle
	// time after which a record is removed. The default is none: no sweeper.
	SweepInterval time.Duration
	SweepIdle     time.Duration

	// NearBytes and NearStaleness are MaxBytes and Staleness of Options.Near. If one of them is
	// set, Near is on and the other one has its default. The default is none: no copies.
	NearBytes     int64
	NearStaleness time.Duration

	// Namespace is Options.Namespace. The default is none.
	Namespace string

	// more holds the parameters of REDIS_URL that have no field here. It holds no password.
	more *redis.UniversalOptions
}

// ReadFrom says which servers of a cluster, or of those that Sentinels watch, answer reads. It
// applies to reads that renew nothing: reads under a Fixed policy, Peek, and reads within a
// ttl.Tolerance. Other reads are writes, and go to the primary. A replica may lag, so a read may
// miss a recent write. The zero ReadFrom means ReadPrimary.
type ReadFrom string

// The values of ReadFrom.
const (
	ReadPrimary ReadFrom = "primary" // only the primary; the default
	ReadReplica ReadFrom = "replica" // any replica, or the primary if there is none
	ReadNearest ReadFrom = "nearest" // the server that answers fastest
)

// Options returns new Options for a cache, with the policy, the Sweeper, the copies and the
// namespace of the Config. The caller may change them.
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
