// Command example serves the metrics of a small cache for Prometheus, at /metrics. The environment
// names the Redis: REDIS_HOST, REDIS_PORT, and the other variables of cache.FromEnv.
//
//	go -C cache/otelcache run ./example -listen localhost:2112
//	curl localhost:2112/metrics
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/otelcache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

func main() {
	listen := flag.String("listen", "localhost:2112", "address to serve /metrics at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := cache.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	rdb := cfg.Client()
	defer rdb.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("metrics at http://%s/metrics", listener.Addr())
	if err := run(ctx, rdb, "example", listener); err != nil {
		log.Fatal(err)
	}
}

// run uses a cache of this name and serves its metrics, until ctx ends.
func run(ctx context.Context, rdb redis.UniversalClient, name string, l net.Listener) error {
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry))
	if err != nil {
		return err
	}
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	defer provider.Shutdown(context.WithoutCancel(ctx))
	hook, err := otelcache.New(otelcache.Options{
		Meter:      provider.Meter(otelcache.ScopeName),
		ValueSizes: true,
	})
	if err != nil {
		return err
	}
	users, err := cache.New[int](rdb, name, codec.JSON[User]{}, &cache.Options{
		TTL:     ttl.Fixed(time.Minute, ttl.Refresh(20*time.Second)),
		Near:    &cache.Near{},
		Sweeper: sweep.Periodic{Interval: 2 * time.Second, MaxIdle: 30 * time.Second},
		Hook:    cache.Hooks(hook, cache.LogHook(slog.Default(), 100*time.Millisecond)),
	})
	if err != nil {
		return err
	}
	defer users.Close()

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	var working sync.WaitGroup
	defer working.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	working.Go(func() { work(ctx, users) })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// User is a row of a database.
type User struct{ Name string }

// The database has the rows 0 to 89. The program asks for 0 to 99, so some rows are absent.
const rows, asked = 90, 100

func row(ctx context.Context, id int) (User, error) {
	if id >= rows {
		return User{}, cache.ErrNotFound
	}
	return User{Name: fmt.Sprint("user ", id)}, nil
}

// work does what the requests of a service would do.
func work(ctx context.Context, users *cache.Cache[int, User]) {
	for ctx.Err() == nil {
		id := rand.N(asked)
		_, err := users.GetOrLoad(ctx, id, row)
		if err == nil && rand.N(100) == 0 { // the user has changed
			err = users.Set(ctx, id, User{Name: "another"})
		}
		if err != nil && !errors.Is(err, cache.ErrNotFound) && ctx.Err() == nil {
			log.Print(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}
