package domain

import (
	"fmt"
	"time"
)

// Session is a session of a web service, which reads it on every request.
type Session struct {
	ID        string    `json:"id" msgpack:"id"`
	UserID    int64     `json:"user_id" msgpack:"user_id"`
	CreatedAt time.Time `json:"created_at" msgpack:"created_at"`
	SeenAt    time.Time `json:"seen_at" msgpack:"seen_at"`
	IP        string    `json:"ip" msgpack:"ip"`
	UserAgent string    `json:"user_agent" msgpack:"user_agent"`
	CSRFToken []byte    `json:"csrf_token" msgpack:"csrf_token"`
	Scopes    []string  `json:"scopes" msgpack:"scopes"`
	Cart      []int64   `json:"cart" msgpack:"cart"` // ids of products
	Requests  int32     `json:"requests" msgpack:"requests"`
	TwoFactor bool      `json:"two_factor" msgpack:"two_factor"`
}

// Sessions returns n sessions.
func Sessions(n int, seed uint64) []Session { return generate(n, seed, source.session) }

func (s source) session() Session {
	created := s.time()
	cart := make([]int64, s.IntN(6))
	for i := range cart {
		cart[i] = 10_000 + s.Int64N(80_000)
	}
	return Session{
		ID:        s.hex(16),
		UserID:    1_000_000 + s.Int64N(90_000_000),
		CreatedAt: created,
		SeenAt: created.Add(time.Duration(s.Int64N(int64(8 * time.Hour)))).Truncate(
			time.Millisecond),
		IP:        fmt.Sprintf("198.51.%d.%d", s.IntN(256), s.IntN(256)),
		UserAgent: pick(s, userAgents),
		CSRFToken: s.bytes(32),
		Scopes:    s.some(scopes, 1+s.IntN(4)),
		Cart:      cart,
		Requests:  int32(1 + s.IntN(400)),
		TwoFactor: s.chance(0.3),
	}
}
