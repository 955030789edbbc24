package wire

import (
	"context"
	"iter"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Split returns the indices of the keys that each server holds.
func (c *Client) Split(ctx context.Context, keys []string) ([][]int, error) {
	if c.servers.owner == nil {
		all := make([]int, len(keys))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}, nil
	}
	parts := map[*redis.Client][]int{}
	for i, key := range keys {
		server, err := c.servers.owner(ctx, key)
		if err != nil {
			c.servers.rediscover(ctx, err)
			return nil, err
		}
		parts[server] = append(parts[server], i)
	}
	all := make([][]int, 0, len(parts))
	for _, part := range parts {
		all = append(all, part)
	}
	return all, nil
}

// Merge calls produce for 0 to n-1, at most limit of them at a time, and yields what they yield:
// one value at a time, in the caller's goroutine. A producer goes on when its value has been taken.
// When the caller stops, yield returns false and the producers' context ends. Merge returns when
// all producers have ended. A panic of a producer goes on in the caller's goroutine.
func Merge[T any](
	ctx context.Context, n, limit int, produce func(ctx context.Context, i int, yield func(T) bool),
) iter.Seq[T] {
	if n == 1 {
		return func(yield func(T) bool) { produce(ctx, 0, yield) }
	}
	return func(yield func(T) bool) {
		ctx, cancel := context.WithCancel(ctx)
		values, taken, stop := make(chan T), make(chan struct{}), make(chan struct{})
		var once sync.Once
		end := func() {
			once.Do(func() { close(stop) })
			cancel()
		}
		give := func(v T) bool {
			select {
			case values <- v:
			case <-stop:
				return false
			}
			select {
			case <-taken:
				return true
			case <-stop:
				return false
			}
		}
		panics := make([]any, n)
		turns := make(chan struct{}, limit)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				turns <- struct{}{}
				defer func() {
					if panics[i] = recover(); panics[i] != nil {
						end()
					}
					<-turns
				}()
				produce(ctx, i, give)
			})
		}
		go func() {
			wg.Wait()
			close(values)
		}()
		defer func() { // also if the caller panics
			end()
			for range values {
			}
		}()
		for v := range values {
			if !yield(v) {
				return
			}
			select {
			case taken <- struct{}{}:
			case <-stop: // a producer has panicked
			}
		}
		for _, v := range panics {
			if v != nil {
				panic(v)
			}
		}
	}
}
