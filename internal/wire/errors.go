package wire

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Err returns the error of a command that has its reply. The text never quotes what the command
// sent or what the server answered, since both may have values.
func Err(cmd redis.Cmder) error {
	err := cmd.Err()
	switch {
	case err == nil:
		return nil
	case says(err, "unknown command"):
		return unknown(cmd)
	case unreadable(err):
		return Unexpected(cmd)
	}
	return err
}

// unknownCommand is the error of a server that does not know a command.
type unknownCommand string

func (u unknownCommand) Error() string {
	return string(u) + ": it is renamed, or Redis is older than 6.2"
}

// RedisError implements redis.Error: the server has answered.
func (unknownCommand) RedisError() {}

// unreadable reports whether go-redis could not read a reply. Its error quotes the reply.
func unreadable(err error) bool {
	_, number := errors.AsType[*strconv.NumError](err)
	return number || strings.HasPrefix(err.Error(), "redis: can't parse")
}

// Unexpected returns the error for a reply that Redis never gives to the command. A proxy may give
// it.
func Unexpected(cmd redis.Cmder) error { return unexpected{strings.ToUpper(cmd.Name())} }

type unexpected struct{ command string }

func (u unexpected) Error() string { return "unexpected reply to " + u.command }

// WrongType reports whether a command was refused because of the type of its key.
func WrongType(err error) bool { return err != nil && redis.HasErrorPrefix(err, "WRONGTYPE") }

// Answered reports whether an error is the reply of the server that has the key.
func Answered(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok && !redirected(err)
}

// Refused reports whether the server never lets the client call a command: an ACL forbids it, or a
// proxy does not know it. Proxies use various texts for that.
func Refused(err error) bool {
	return err != nil && redis.HasErrorPrefix(err, "NOPERM") ||
		says(err, "unknown command", "unsupported", "not supported", "not allowed", "disabled")
}

// says reports whether a server answered an error with the general code ERR that has one of these
// words.
func says(err error, words ...string) bool {
	if !Answered(err) || !strings.HasPrefix(err.Error(), "ERR ") {
		return false
	}
	text := strings.ToLower(err.Error())
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// OtherSlot reports whether the server refused a command because its keys are not in one slot.
// Redis answers CROSSSLOT; proxies use other texts.
func OtherSlot(err error) bool {
	return err != nil && Answered(err) && strings.Contains(strings.ToLower(err.Error()), "slot")
}

// Out reports whether err says that a server does not work at all: it cannot be reached, does not
// answer, or does not take commands yet.
func Out(err error) bool {
	switch {
	case err == nil || errors.Is(err, ErrClosed) || errors.Is(err, redis.ErrClosed) ||
		errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, context.Canceled):
		return false
	case errors.As(err, new(unexpected)):
		return false
	case Answered(err):
		return redis.HasErrorPrefix(err, "LOADING") || redis.HasErrorPrefix(err, "CLUSTERDOWN") ||
			redis.HasErrorPrefix(err, "MASTERDOWN")
	}
	return true
}

// RefusedWrite reports whether a server that works refused a write. It is out of memory, is a
// replica, has too few replicas, cannot save, or does not allow it for this user. In scripts the
// texts may be others.
func RefusedWrite(err error) bool {
	return err != nil && Answered(err) &&
		(slices.ContainsFunc(writeRefusals, func(code string) bool {
			return redis.HasErrorPrefix(err, code)
		}) || says(err, "oom ", "readonly ", "misconf ", "noreplicas ", "can't run this command",
			"can't access at least one of the keys", "acl failure in script"))
}

var writeRefusals = []string{"OOM", "READONLY", "MISCONF", "NOREPLICAS", "NOPERM"}

// Unknown reports whether the server may have executed the command that failed with err. err must
// be the command's own error, since it matters whether the server answered. Unknown also returns
// true if the context ended before the command was sent, since err does not show that. See Once.
func Unknown(err error) bool {
	if err == nil || Answered(err) || errors.Is(err, ErrClosed) ||
		errors.Is(err, redis.ErrClosed) || errors.Is(err, redis.ErrPoolTimeout) {
		return false
	}
	dial, ok := errors.AsType[*net.OpError](err)
	return !ok || dial.Op != "dial"
}
