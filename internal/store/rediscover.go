package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// reloader is a *redis.ClusterClient, or what embeds it.
type reloader interface{ ReloadState(ctx context.Context) }

// rediscover lets the client of a cluster ask for the layout again after a server did
// not answer a command, since a replica may have taken its place. go-redis learns
// that by itself when another node redirects it, and that a dead one does not, and
// otherwise once in a minute, until when all that belongs to the dead one fails.
//
// It asks in the background, once at a time and five times in a second at most
// (ClusterClient.ReloadState).
func rediscover(ctx context.Context, rdb redis.UniversalClient, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if _, answered := errors.AsType[redis.Error](err); answered {
		return
	}
	if cluster, ok := rdb.(reloader); ok {
		cluster.ReloadState(ctx)
	}
}
