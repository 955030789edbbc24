package realdata

import (
	"reflect"
	"time"
)

// Event is an event of the GitHub API. It has the fields of [testpb.Event].
type Event struct {
	ID        string    `json:"id" msgpack:"id"`
	Type      string    `json:"type" msgpack:"type"`
	CreatedAt time.Time `json:"created_at" msgpack:"created_at"`
	Public    bool      `json:"public" msgpack:"public"`
	Actor     Account   `json:"actor" msgpack:"actor"`
	Repo      Repo      `json:"repo" msgpack:"repo"`
	Org       *Account  `json:"org,omitempty" msgpack:"org,omitempty"`

	// Payload depends on Type. Its numbers are float64, as in encoding/json and
	// google.protobuf.Struct. They are exact up to 2^53; GitHub's ids are smaller.
	Payload map[string]any `json:"payload" msgpack:"payload"`
}

// Account is a user or an organization.
type Account struct {
	ID         int64  `json:"id" msgpack:"id"`
	Login      string `json:"login" msgpack:"login"`
	GravatarID string `json:"gravatar_id" msgpack:"gravatar_id"`
	URL        string `json:"url" msgpack:"url"`
	AvatarURL  string `json:"avatar_url" msgpack:"avatar_url"`
}

// Repo is the repository of an event.
type Repo struct {
	ID   int64  `json:"id" msgpack:"id"`
	Name string `json:"name" msgpack:"name"`
	URL  string `json:"url" msgpack:"url"`
}

// Equal reports whether two events are equal. Times are equal if they are the same instant, because
// MessagePack keeps no time zone.
func (e Event) Equal(o Event) bool {
	if !e.CreatedAt.Equal(o.CreatedAt) {
		return false
	}
	o.CreatedAt = e.CreatedAt
	return reflect.DeepEqual(e, o)
}
