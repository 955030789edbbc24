package cache

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/sweep"
)

// errorTypes are the types of errors that have a sentinel. The first match counts.
var errorTypes = []struct {
	err  error
	name string
}{
	{errPanicked, "panic"},
	{errGoexit, "panic"},
	{ErrClosed, "closed"},
	{ErrKey, "key"},
	{ErrTTL, "ttl"},
	{ErrNilValue, "nil_value"},
	{ErrDecode, "decode"},
	{ErrEncode, "encode"},
	{ErrTooLarge, "too_large"},
	{ErrWrongType, "wrong_type"},
	{ErrUnknownField, "unknown_field"},
	{ErrFieldValue, "field_value"},
	{ErrConflict, "conflict"},
	{ErrUnknownOutcome, "unknown_outcome"},
	{ErrMaxIdle, "max_idle"},
	{ErrNotTracked, "not_tracked"},
	{ErrLoadTimeout, "load_timeout"},
	{ErrLoadCircle, "load_circle"},
	{ErrUnavailable, "unavailable"},
	{sweep.ErrLost, "sweep_lost"},
	{errDeaf, "setting"},
	{errNoNear, "near_off"},
	{context.Canceled, "canceled"},
	{context.DeadlineExceeded, "timeout"},
	{os.ErrDeadlineExceeded, "timeout"},
	{redis.ErrPoolTimeout, "timeout"},
	{redis.ErrClosed, "connection"},
	{errNoLoader, "other"},
	{errNoFunc, "other"},
}

// errorType returns the type of an error; see Op.ErrorType.
func errorType(err error) string {
	for {
		h, ok := errors.AsType[*hidden](err)
		if !ok {
			break
		}
		err = h.err
	}
	if _, ok := errors.AsType[*PanicError](err); ok {
		return "panic"
	}
	for _, t := range errorTypes {
		if errors.Is(err, t.err) && !(t.err == ErrUnavailable && refuses(err)) {
			return t.name
		}
	}
	_, isNet := errors.AsType[net.Error](err)
	switch {
	case wire.Answered(err):
		return "redis"
	case wire.TimedOut(err):
		return "timeout"
	case isNet, wire.Out(err): // TLS and clients of several servers have their own errors
		return "connection"
	}
	return "other"
}

// refuses reports whether a working server answered with an error, such as OOM.
func refuses(err error) bool { return wire.Answered(err) && !wire.Out(err) }

// ambiguous reports whether this type may be that of a loader's error, but otherwise means an error
// of Redis.
func ambiguous(errorType string) bool {
	switch errorType {
	case "connection", "timeout", "canceled", "redis", "other":
		return true
	}
	return false
}
