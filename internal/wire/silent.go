package wire

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// UntilSilent returns a Sender for batches of one server's keys that follow each other. It sends
// them by another Sender until the server does not answer a whole batch in time. Later batches fail
// at once, with the error of that batch. So they wait for a silent server once, and not once each.
func UntilSilent(by Sender) Sender { return &untilSilent{Sender: by} }

type untilSilent struct {
	Sender
	silence error
}

func (u *untilSilent) Batch(ctx context.Context, keys []string, cmds []redis.Cmder) {
	if u.silence != nil {
		failAll(cmds, u.silence)
		return
	}
	u.Sender.Batch(ctx, keys, cmds)
	for _, cmd := range cmds {
		if !TimedOut(cmd.Err()) {
			return
		}
	}
	u.silence = cmds[0].Err()
}

// TimedOut reports whether a command got no answer in time.
func TimedOut(err error) bool {
	netErr, isNet := errors.AsType[net.Error](err)
	return isNet && netErr.Timeout() // so is context.DeadlineExceeded
}
