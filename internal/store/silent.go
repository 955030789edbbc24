package store

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// untilSilent sends the chunks of one server's keys until the server does not answer a whole chunk
// in time. Later chunks fail at once, with the error of that chunk. So a read or write of many
// chunks waits for a silent server once, and not once for each chunk.
type untilSilent struct {
	wire.Sender
	silence error
}

// Batch implements wire.Sender.
func (u *untilSilent) Batch(ctx context.Context, keys []string, cmds []redis.Cmder) {
	if u.silence != nil {
		for _, cmd := range cmds {
			cmd.SetErr(u.silence)
		}
		return
	}
	u.Sender.Batch(ctx, keys, cmds)
	for _, cmd := range cmds {
		if !timedOut(cmd.Err()) {
			return
		}
	}
	u.silence = cmds[0].Err()
}

// timedOut reports whether a command got no answer in time.
func timedOut(err error) bool {
	netErr, isNet := errors.AsType[net.Error](err)
	return isNet && netErr.Timeout() // so is context.DeadlineExceeded
}
