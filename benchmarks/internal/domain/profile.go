package domain

import (
	"fmt"
	"time"
)

// Profile is a user of a web service.
type Profile struct {
	ID          int64             `json:"id" msgpack:"id"`
	Username    string            `json:"username" msgpack:"username"`
	Name        string            `json:"name" msgpack:"name"`
	Email       string            `json:"email" msgpack:"email"`
	Phone       *string           `json:"phone,omitempty" msgpack:"phone,omitempty"`
	Locale      string            `json:"locale" msgpack:"locale"`
	Bio         string            `json:"bio" msgpack:"bio"`
	AvatarURL   string            `json:"avatar_url" msgpack:"avatar_url"`
	Roles       []string          `json:"roles" msgpack:"roles"`
	Address     Address           `json:"address" msgpack:"address"`
	Preferences map[string]string `json:"preferences" msgpack:"preferences"`
	Visits      int64             `json:"visits" msgpack:"visits"`
	Verified    bool              `json:"verified" msgpack:"verified"`
	CreatedAt   time.Time         `json:"created_at" msgpack:"created_at"`
	LastLoginAt *time.Time        `json:"last_login_at,omitempty" msgpack:"last_login_at,omitempty"`
}

// Address is where a user lives.
type Address struct {
	Street     string `json:"street" msgpack:"street"`
	City       string `json:"city" msgpack:"city"`
	PostalCode string `json:"postal_code" msgpack:"postal_code"`
	Country    string `json:"country" msgpack:"country"`
}

// Profiles returns n profiles.
func Profiles(n int, seed uint64) []Profile { return generate(n, seed, source.profile) }

func (s source) profile() Profile {
	first, last := pick(s, firstNames), pick(s, lastNames)
	username := s.handle(first, last)
	created := s.time()
	p := Profile{
		ID:        1_000_000 + s.Int64N(90_000_000),
		Username:  username,
		Name:      first + " " + last,
		Email:     username + "@" + pick(s, mailHosts),
		Locale:    pick(s, locales),
		Bio:       s.text(s.IntN(4)),
		AvatarURL: "https://cdn.example.com/avatars/" + s.hex(16) + ".webp",
		Roles:     s.some(roles, 1+s.IntN(2)),
		Address: Address{
			Street:     fmt.Sprintf("%s %d", pick(s, streets), 1+s.IntN(180)),
			City:       pick(s, cities),
			PostalCode: fmt.Sprintf("%05d", s.IntN(100_000)),
			Country:    pick(s, countries),
		},
		Preferences: map[string]string{
			"theme": pick(s, []string{"light", "dark", "system"}), "timezone": pick(s, zones),
			"newsletter": pick(s, []string{"weekly", "never"}),
		},
		Visits:    s.Int64N(5000),
		Verified:  s.chance(0.7),
		CreatedAt: created,
	}
	if s.chance(0.6) {
		phone := fmt.Sprintf("+%d %03d %07d", 1+s.IntN(98), s.IntN(1000), s.IntN(10_000_000))
		p.Phone = &phone
	}
	if s.chance(0.9) {
		login := created.Add(time.Duration(s.Int64N(int64(300 * 24 * time.Hour)))).Truncate(
			time.Millisecond)
		p.LastLoginAt = &login
	}
	return p
}
