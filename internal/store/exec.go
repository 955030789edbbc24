package store

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// exec sends a pipeline. Afterwards each command has its reply or its error. go-redis
// leaves the commands as if they had succeeded when Redis refuses the connection that
// they were to go by, as for a wrong password: only Exec tells of that. (Behind a Ring
// not even Exec does.)
func exec(ctx context.Context, pipe redis.Pipeliner) {
	cmds, err := pipe.Exec(ctx)
	if err == nil {
		return
	}
	for _, cmd := range cmds {
		if cmd.Err() != nil {
			return // err is the first one of the commands'
		}
	}
	for _, cmd := range cmds {
		cmd.SetErr(err)
	}
}
