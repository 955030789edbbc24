package cache_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// envLoader is the variable that gives a second process of this test binary its task: the server's
// address, the cache's name, and how long the loader takes.
const envLoader = "REDISCACHE_TEST_LOADER"

// TestLoadProcess is the second process of the tests below. 250 callers ask for record 1. The
// loader prints "loads", and counts the loads in Redis.
func TestLoadProcess(t *testing.T) {
	told := strings.Split(os.Getenv(envLoader), "|")
	if len(told) != 3 {
		t.Skip("for a process of another test")
	}
	takes, err := time.ParseDuration(told[2])
	must(t, err)
	rdb := redis.NewClient(&redis.Options{Addr: told[0], ContextTimeoutEnabled: true})
	defer rdb.Close()
	u := users{mustNew[int64](t, rdb, told[1], jsonUsers, fleetOptions()), t, rdb}
	loadWith250Callers(t, u, takes)
}

func fleetOptions() *cache.Options {
	return &cache.Options{Load: cache.LoadConfig{Lease: 2 * time.Second, Patience: time.Minute}}
}

func loadWith250Callers(t *testing.T, u users, takes time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	for range 250 {
		wg.Go(func() {
			got, err := u.GetOrLoad(ctx(t), 1, func(ctx context.Context, _ int64) (User, error) {
				fmt.Println("loads")
				time.Sleep(takes)
				return ann, u.rdb.Incr(ctx, u.Name()+"!load:count").Err()
			})
			wantUser(t, got, err, ann)
		})
	}
	wg.Wait()
}

func startLoader(
	t *testing.T, addr, name string, takes time.Duration,
) (cmd *exec.Cmd, lines *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestLoadProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), envLoader+"="+strings.Join([]string{addr, name,
		takes.String()}, "|"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, bufio.NewScanner(out)
}

// A thousand callers in four processes ask for one record: one loader runs.
func TestOneLoadInTheFleet(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	name := redistest.UniqueName(t)
	var others []*exec.Cmd
	for range 3 {
		cmd, lines := startLoader(t, server.Addr(), name, 200*time.Millisecond)
		others = append(others, cmd)
		go func() {
			for lines.Scan() { // so that the process does not block
			}
		}()
	}
	u := users{mustNew[int64](t, rdb, name, jsonUsers, fleetOptions()), t, rdb}
	loadWith250Callers(t, u, 200*time.Millisecond)
	for _, cmd := range others {
		must(t, cmd.Wait())
	}
	if n := rdb.Get(ctx(t), name+"!load:count").Val(); n != "1" {
		t.Errorf("loaders have run %s times, want once", n)
	}
}

// A process that is killed during a load delays others for at most its Lease.
func TestLoaderKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rdb := server.Client(t)
	name := redistest.UniqueName(t)
	cmd, lines := startLoader(t, server.Addr(), name, time.Hour)
	for lines.Scan() && lines.Text() != "loads" {
	}
	s := newSource(map[int64]User{1: bob})
	u := users{mustNew[int64](t, rdb, name, jsonUsers, fleetOptions()), t, rdb}
	got := make(chan error)
	go func() {
		v, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, v, err, bob)
		got <- err
	}()
	time.Sleep(3 * time.Second) // more than a Lease: the loader still runs
	s.wantLoads(t, 0)
	must(t, cmd.Process.Kill())
	left := u.left(1)
	begun := time.Now()
	must(t, <-got)
	if took := time.Since(begun); left > 2*time.Second || took > left+10*time.Second {
		t.Errorf("it took %v, with %v left of the lease", took, left)
	}
	s.wantLoads(t, 1)
}
