package redistest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// launchAll starts servers at the same time. If one fails, it stops them all.
func launchAll(sets []setup) ([]*Server, error) {
	all, errs := make([]*Server, len(sets)), make([]error, len(sets))
	var wg sync.WaitGroup
	for i, set := range sets {
		wg.Go(func() { all[i], errs[i] = launch(set) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		stopAll(all)
		return nil, err
	}
	return all, nil
}

func stopAll(servers []*Server) {
	for _, s := range servers {
		if s != nil {
			s.Stop()
		}
	}
}

// isSynced returns what a replica still lacks.
func isSynced(ctx context.Context, rdb *redis.Client) error {
	info, err := rdb.Info(ctx, "replication").Result()
	if err != nil {
		return err
	}
	return lacks(info,
		map[string]string{"role": "slave", "master_link_status": "up",
			"master_sync_in_progress": "0"})
}

// lacks returns which field of an INFO reply differs from what is wanted.
func lacks(info string, want map[string]string) error {
	fields := infoFields(info)
	for field, want := range want {
		if fields[field] != want {
			return fmt.Errorf("%s is %q, want %s", field, fields[field], want)
		}
	}
	return nil
}

// until repeats try until it succeeds or ctx ends. Then it returns the last error of try.
func until(ctx context.Context, try func() error) error {
	poll := time.NewTicker(5 * pollEvery)
	defer poll.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-poll.C:
		}
	}
}
