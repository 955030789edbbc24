package coalesce

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// Retries says how a command that had no reply is sent again. The zero value says that it is not.
type Retries struct {
	Most     int           // times that it is sent again
	Min, Max time.Duration // of the pause before it is, which doubles from one time to the next
}

// RetriesOf returns what the options of a client of go-redis say of single commands.
func RetriesOf(rdb redis.UniversalClient) Retries {
	switch rdb := rdb.(type) {
	case interface{ Options() *redis.Options }:
		o := rdb.Options()
		return Retries{o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff}
	case interface{ Options() *redis.ClusterOptions }:
		o := rdb.Options()
		return Retries{o.MaxRedirects, o.MinRetryBackoff, o.MaxRetryBackoff}
	case interface{ Options() *redis.RingOptions }:
		o := rdb.Options()
		return Retries{o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff}
	}
	return Retries{}
}

// pause returns how long to wait before a command is sent for the n-th time again.
func (r Retries) pause(n int) time.Duration {
	d := min(r.Min<<min(n, 16), r.Max)
	if d <= 0 {
		return 0
	}
	return d/2 + rand.N(d/2+1)
}

// attempt is a command in a pipeline that go-redis does not send again by itself: of a pipeline it
// looks at the first command alone.
type attempt struct{ redis.Cmder }

// NoRetry implements redis.Cmder.
func (attempt) NoRetry() bool { return true }

// passing reports whether go-redis would send a single command again after an error: there was no
// reply, or Redis asks for it. After the error of a client's hook it would not.
func passing(err error) bool {
	if err == nil {
		return false
	}
	if _, answered := errors.AsType[redis.Error](err); !answered {
		_, network := errors.AsType[net.Error](err)
		return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, redis.ErrPoolTimeout)
	}
	return redis.IsReadOnlyError(err) || redis.IsLoadingError(err) ||
		redis.IsClusterDownError(err) ||
		redis.IsTryAgainError(err) || redis.IsMasterDownError(err) ||
		redis.IsMaxClientsError(err) ||
		redis.HasErrorPrefix(err, "NOREPLICAS")
}
