package coalesce

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// Retries says how a command without a reply is sent again. With the zero Retries it is not.
type Retries struct {
	Most     int           // how often it is sent again at most
	Min, Max time.Duration // bounds of the pause before that, which doubles each time
}

// RetriesOf returns the retries of a go-redis client for single commands, from its options.
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

// attempt is a command in a pipeline that go-redis must not send again. go-redis decides for a
// whole pipeline, and looks only at its first command.
type attempt struct{ redis.Cmder }

// NoRetry implements redis.Cmder.
func (attempt) NoRetry() bool { return true }

// passing reports whether go-redis would send a single command again after an error. It does so if
// there was no reply or if Redis asks for a retry, and not after an error of a client's hook.
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
