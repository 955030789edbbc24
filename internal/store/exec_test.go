package store

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// A connection that Redis refuses fails each command of a pipeline, and not only the pipeline.
func TestRefusedConnectionFailsPipelines(t *testing.T) {
	locked, open := redistest.Start(t, "--requirepass", "another"), redistest.Start(t)
	nobody := func(o *redis.UniversalOptions) { o.Username, o.Password = "nobody", "wrong" }
	for name, tt := range map[string]struct {
		rdb  redis.UniversalClient
		want string
	}{
		"wrong password":               {locked.Client(t, nobody), "WRONGPASS"},
		"wrong password of a cluster":  {redistest.Cluster(t).Client(t, nobody), "WRONGPASS"},
		"a database that is not there": {open.Client(t, func(o *redis.UniversalOptions) { o.DB = 99 }), "DB index is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(tt.rdb, "users:", ttl.Active(time.Hour).Terms(), false)
			errs := s.SetMany(t.Context(), []Item{{Key: "users:1"}, {Key: "users:2"}}, 0)
			_, more := s.DeleteMany(t.Context(), []string{"users:1"})
			errs = append(errs, more...)
			for _, reply := range s.GetMany(t.Context(), []string{"users:1", "users:2"}) {
				errs = append(errs, reply.Err)
			}
			for i, err := range errs {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("command %d: %v", i, err)
				}
			}
		})
	}
}
