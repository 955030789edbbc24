package staleness

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// bound is the Staleness of the caches.
const bound = 400 * time.Millisecond

// users is the type of the checked cache.
type users = cache.Cache[int64, record]

func newUsers(rdb redis.UniversalClient, name string, staleness time.Duration) (*users, error) {
	return cache.New[int64](rdb, name, codec.JSON[record]{}, &cache.Options{
		TTL: ttl.Fixed(hour), Hook: hook{}, Near: &cache.Near{Staleness: staleness},
	})
}

// hook tells a reader, via its context, how many keys memory answered.
type hook struct{}

type nearOf struct{}

func (hook) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (hook) End(ctx context.Context, op cache.Op) {
	if n, ok := ctx.Value(nearOf{}).(*int); ok && op.Keys > 0 && op.Kind != "Load" {
		*n = op.Near
	}
}

// The sources of an answer.
const (
	memory = iota
	server // the cache asked Redis, or shared such a read
	plain  // a GET via the same client, without the cache
	sources
)

// absent is the version of a missing record.
const absent = -1

// seen has the answers that readers got.
type seen struct {
	Last  [sources][records]map[int64]int64 // by version: when the last read of it started
	Reads map[int64]*[2]int64               // by slice: reads from memory, and all of the cache
}

// slice is the time resolution of Reads, in nanoseconds.
const slice = int64(20 * time.Millisecond)

func (s *seen) note(source int, id, version, begin int64) {
	of := &s.Last[source][id]
	if *of == nil {
		*of = map[int64]int64{}
	}
	(*of)[version] = max((*of)[version], begin)
}

func (s *seen) count(begin int64, near, keys int) {
	if s.Reads == nil {
		s.Reads = map[int64]*[2]int64{}
	}
	n := s.Reads[begin/slice]
	if n == nil {
		n = new([2]int64)
		s.Reads[begin/slice] = n
	}
	n[0] += int64(near)
	n[1] += int64(keys)
}

func (s *seen) merge(o *seen) {
	for source := range o.Last {
		for id, of := range o.Last[source] {
			for version, begin := range of {
				s.note(source, int64(id), version, begin)
			}
		}
	}
	for at, n := range o.Reads {
		s.count(at*slice, int(n[0]), int(n[1]))
	}
}

const (
	readers   = 12
	plains    = 2
	readLimit = 250 * time.Millisecond
	readPause = 300 * time.Microsecond
)

// read reads in several goroutines until stop is called. stop returns what they saw.
func read(u *users, rdb redis.UniversalClient) (stop func() *seen) {
	var over atomic.Bool
	var wg sync.WaitGroup
	parts := make([]seen, readers+plains)
	for i := range parts {
		wg.Go(func() {
			for n := i; !over.Load(); n++ {
				ctx, cancel := context.WithTimeout(context.Background(), readLimit)
				switch {
				case i >= readers:
					parts[i].get(ctx, rdb)
					time.Sleep(readPause)
				case n%32 == 0:
					parts[i].readMany(ctx, u)
				default:
					parts[i].readOne(ctx, u, n%32 == 16)
				}
				cancel()
				if n%4 == 0 {
					time.Sleep(readPause)
				}
			}
		})
	}
	return func() *seen {
		over.Store(true)
		wg.Wait()
		s := &seen{}
		for i := range parts {
			s.merge(&parts[i])
		}
		return s
	}
}

var errSource = errors.New("there is no source")

func noSource(context.Context, int64) (record, error) { return record{}, errSource }

func (s *seen) readOne(ctx context.Context, u *users, load bool) {
	id, near := rand.Int64N(records), 0
	ctx = context.WithValue(ctx, nearOf{}, &near)
	var v record
	var err error
	begin := now()
	if load {
		v, err = u.GetOrLoad(ctx, id, noSource)
	} else {
		v, err = u.Get(ctx, id)
	}
	s.count(begin, near, 1)
	if errors.Is(err, cache.ErrNotFound) {
		v.Version = absent
	} else if err != nil {
		return
	}
	if near > 0 {
		s.note(memory, id, v.Version, begin)
	} else {
		s.note(server, id, v.Version, begin)
	}
}

func (s *seen) readMany(ctx context.Context, u *users) {
	const many = 4
	near, ids := 0, make([]int64, many)
	first := rand.Int64N(records)
	for i := range ids {
		ids[i] = (first + int64(i)*records/many) % records
	}
	ctx = context.WithValue(ctx, nearOf{}, &near)
	begin := now()
	values, err := u.GetMany(ctx, ids)
	s.count(begin, near, many)
	if err != nil || near != 0 && near != many { // it is unknown which came from memory
		return
	}
	for _, id := range ids {
		v, ok := values[id]
		if !ok {
			v.Version = absent
		}
		if near > 0 {
			s.note(memory, id, v.Version, begin)
		} else {
			s.note(server, id, v.Version, begin)
		}
	}
}

func (s *seen) get(ctx context.Context, rdb redis.UniversalClient) {
	id := rand.Int64N(records)
	begin := now()
	data, err := rdb.Get(ctx, keyOf(id)).Bytes()
	v := record{absent}
	if err == nil {
		err = json.Unmarshal(data, &v)
	} else if err == redis.Nil {
		err = nil
	}
	if err == nil {
		s.note(plain, id, v.Version, begin)
	}
}
