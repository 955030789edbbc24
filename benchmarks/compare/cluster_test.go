package compare

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestCluster(t *testing.T) {
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: redistest.Cluster(t).Addrs()})
	defer rdb.Close()
	r, err := Run(t.Context(), noteGroup(), &Options{Client: rdb, Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Results[0].Codecs[1]; !strings.HasSuffix(r.Server, ", cluster") ||
		f.RedisBytes <= f.Bytes {
		t.Errorf("%s: %v bytes in Redis for %v", r.Server, f.RedisBytes, f.Bytes)
	}
}
