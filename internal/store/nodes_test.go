package store

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// slotOf agrees with the server, and keyIn finds a key for every primary.
func TestSlots(t *testing.T) {
	var rdb redis.UniversalClient = redistest.Cluster(t).Client(t)
	for _, key := range []string{"", "a", "users:42", "users!node:0", "\x00\xff", "123456789"} {
		want, err := rdb.ClusterKeySlot(t.Context(), key).Result()
		if err != nil || int64(slotOf(key)) != want {
			t.Errorf("slotOf(%q) = %d, the server says %d, %v", key, slotOf(key), want, err)
		}
	}
	s := New(rdb, "users:", ttl.Active(1e9).Terms(), false)
	ranges, err := rdb.ClusterSlots(t.Context()).Result()
	if err != nil || len(ranges) != 3 {
		t.Fatalf("the cluster has the slot ranges %v, %v", ranges, err)
	}
	for i, r := range ranges {
		if slot := slotOf(s.keyIn(ranges[i : i+1])); slot < r.Start || slot > r.End {
			t.Errorf("the key for %v is in slot %d", r, slot)
		}
	}
}
