package tracking

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/redis/go-redis/v9/push"

	"github.com/activettl/rediscache/internal/wire"
)

// conn is one connection on which a server pushes the keys that are written. It never reconnects.
// Otherwise writes between two connections would be missed without notice.
type conn struct {
	client *redis.Client
	sub    *redis.PubSub
	raw    atomic.Pointer[net.Conn] // nil until it is dialled
	closed atomic.Bool
}

// dialLimit bounds how long it takes to make a connection.
const dialLimit = time.Second

var (
	errRESP2 = errors.New("the server speaks RESP2 only, which has no pushes")
	errSpent = errors.New("the connection has ended")
)

// connect makes a connection to a server with these options. It subscribes to a channel, sharded or
// not. It calls changed for each written key with one of these prefixes, and with "" if all keys
// may have changed.
func connect(
	ctx context.Context, server *redis.Options, prefixes []string, channel string, sharded bool,
	changed func(key string),
) (*conn, error) {
	var spent atomic.Bool
	c := &conn{}
	o := *server
	o.Protocol = 3
	o.PoolSize, o.MinIdleConns, o.MaxRetries, o.DialerRetries = 1, 0, -1, 1
	o.ClientSideCache, o.ClientSideCacheConfig = nil, nil
	// go-redis keeps state of the client in both. A copy would share that state.
	o.PushNotificationProcessor = nil
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if spent.Swap(true) {
			return nil, errSpent
		}
		raw, err := server.Dialer(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c.raw.Store(&raw)
		if c.closed.Load() {
			_ = raw.Close()
		}
		return raw, nil
	}
	o.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
		if server.OnConnect != nil {
			if err := server.OnConnect(ctx, cn); err != nil {
				return err
			}
		}
		return track(ctx, cn, prefixes)
	}
	c.client = redis.NewClient(&o)
	c.sub = c.client.Subscribe(ctx) // to no channel yet, so it sends nothing
	err := c.client.RegisterPushNotificationHandler("invalidate", pushed(changed), true)
	if err != nil {
		c.close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	defer context.AfterFunc(ctx, c.close)()
	if sharded {
		err = c.sub.SSubscribe(ctx, channel)
	} else {
		err = c.sub.Subscribe(ctx, channel)
	}
	if err == nil {
		err = c.confirmed(ctx)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// track makes the server push keys on a connection. The connection must have a subscription too.
// Without one, the output that the server keeps for it has no bound.
func track(ctx context.Context, cn *redis.Conn, prefixes []string) error {
	hello, err := cn.Do(ctx, "hello", 3).Result() // again: the user's OnConnect may log in first
	if err != nil {
		return err
	}
	if fields, ok := hello.(map[any]any); !ok || fields["proto"] != int64(3) {
		return errRESP2
	}
	args := []any{"client", "tracking", "on", "bcast"}
	for _, p := range prefixes {
		args = append(args, "prefix", p)
	}
	return wire.Err(cn.Do(ctx, args...))
}

// confirmed waits for the confirmation of the subscription.
func (c *conn) confirmed(ctx context.Context) error {
	got, err := c.sub.ReceiveTimeout(ctx, dialLimit)
	if err != nil {
		return err
	}
	if s, ok := got.(*redis.Subscription); !ok || !strings.HasSuffix(s.Kind, "subscribe") {
		return fmt.Errorf("unexpected reply to SUBSCRIBE: %T", got)
	}
	return nil
}

// next waits for the next message, and returns its text. While it waits, changed is called for the
// keys that are pushed. After an error, even a timeout, the connection cannot be used any more: the
// rest of a push may still be unread.
func (c *conn) next(ctx context.Context, limit time.Duration) (string, error) {
	got, err := c.sub.ReceiveTimeout(ctx, limit)
	if err != nil {
		return "", err
	}
	m, ok := got.(*redis.Message)
	if !ok {
		return "", fmt.Errorf("unexpected message: %T", got)
	}
	return m.Payload, nil
}

// close ends the connection, even during a call of next. It closes the raw connection first, since
// go-redis may hold a mutex while it waits for the replies to its first commands.
func (c *conn) close() {
	c.closed.Store(true)
	if raw := c.raw.Load(); raw != nil {
		_ = (*raw).Close()
	}
	_ = c.sub.Close()
	_ = c.client.Close()
}

// pushed handles pushes of keys.
type pushed func(key string)

// HandlePushNotification implements push.NotificationHandler.
func (changed pushed) HandlePushNotification(
	_ context.Context, _ push.NotificationHandlerContext, push []any,
) error {
	var keys []any
	if len(push) > 1 {
		keys, _ = push[1].([]any)
	}
	if keys == nil {
		changed("")
		return nil
	}
	for _, k := range keys {
		key, _ := k.(string) // "", which means all keys, if it is not a string
		changed(key)
	}
	return nil
}
