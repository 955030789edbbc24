package redistest

import (
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// options are the options of every client that redistest makes. A context's deadline ends a
// command, as the library promises its users. A client sends no CLIENT SETINFO and no CLIENT
// MAINT_NOTIFICATIONS, which tests would have to subtract. Servers before 8 and miniredis refuse
// the latter.
func options(tweak []func(*redis.UniversalOptions), addrs ...string) *redis.UniversalOptions {
	o := &redis.UniversalOptions{
		Addrs:                    addrs,
		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	for _, f := range tweak {
		f(o)
	}
	return o
}

// options are those of a client of this server.
func (s *Server) options(tweak []func(*redis.UniversalOptions)) *redis.UniversalOptions {
	enter := func(o *redis.UniversalOptions) {
		o.TLSConfig, o.Username, o.Password = s.tls, s.user, s.password
	}
	return options(append([]func(*redis.UniversalOptions){enter}, tweak...), s.addr)
}
