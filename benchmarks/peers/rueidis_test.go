package peers

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidisaside"
)

// rueidisPlain is a rueidis client with its defaults. It sends concurrent commands in pipelines.
func rueidisPlain(p place) side { return rueidisWith(p, "rueidis", rueidis.ClientOption{}) }

// rueidisDelayed has the option that the README of rueidis advises for throughput.
func rueidisDelayed(p place) side {
	return rueidisWith(p, "rueidis, MaxFlushDelay 20 µs",
		rueidis.ClientOption{MaxFlushDelay: 20 * time.Microsecond})
}

// rueidisUncancelled has contexts that cannot be cancelled. Then a call that is alone on its
// connection skips the goroutines of the pipeline.
func rueidisUncancelled(p place) side {
	s := rueidisWith(p, "rueidis, context.Background()", rueidis.ClientOption{})
	without := func(get func(context.Context, int64) (User, error)) func(context.Context,
		int64) (User, error) {
		return func(_ context.Context, id int64) (User, error) {
			return get(context.Background(), id)
		}
	}
	set := s.set
	return side{
		name: s.name, kind: apart,
		commands: s.commands, sliding: without(s.sliding),
		get: without(s.get),
		set: func(_ context.Context, id int64, u User) error {
			return set(context.Background(), id, u)
		},
	}
}

func rueidisClient(p place, o rueidis.ClientOption) rueidis.Client {
	o.InitAddress = []string{p.addr}
	c, err := rueidis.NewClient(o)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(c.Close)
	return c
}

func rueidisWith(p place, name string, o rueidis.ClientOption) side {
	c := rueidisClient(p, o)
	set := func(id int64, u User) (rueidis.Completed, error) {
		data, err := p.format.Marshal(u)
		return c.B().Set().Key(p.key(id)).Value(rueidis.BinaryString(data)).PxMilliseconds(
			hour.Milliseconds()).Build(), err
	}
	return side{
		name: name, kind: other,
		commands: 1,
		sliding: func(ctx context.Context, id int64) (User, error) {
			return p.decode(c.Do(ctx,
				c.B().Getex().Key(p.key(id)).PxMilliseconds(hour.Milliseconds()).Build()).AsBytes())
		},
		get: func(ctx context.Context, id int64) (User, error) {
			return p.decode(c.Do(ctx, c.B().Get().Key(p.key(id)).Build()).AsBytes())
		},
		set: func(ctx context.Context, id int64, u User) error {
			cmd, err := set(id, u)
			if err != nil {
				return err
			}
			return c.Do(ctx, cmd).Error()
		},
		getMany: func(ctx context.Context, ids []int64) (map[int64]User, error) {
			keys, back := p.keys(ids)
			found, err := rueidis.MGet(c, ctx, keys)
			if err != nil {
				return nil, err
			}
			users := make(map[int64]User, len(found))
			for key, message := range found {
				if users[back[key]], err = p.decode(message.AsBytes()); err != nil {
					return nil, err
				}
			}
			return users, nil
		},
		setMany: func(ctx context.Context, users map[int64]User) error {
			cmds := make(rueidis.Commands, 0, len(users))
			for id, u := range users {
				cmd, err := set(id, u)
				if err != nil {
					return err
				}
				cmds = append(cmds, cmd)
			}
			for _, reply := range c.DoMulti(ctx, cmds...) {
				if err := reply.Error(); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// nearRueidis reads via the near cache of rueidis.
func nearRueidis(p place) side {
	c := rueidisClient(p, rueidis.ClientOption{})
	return side{name: "rueidis, DoCache", kind: other, get: func(
		ctx context.Context, id int64,
	) (User, error) {
		return p.decode(c.DoCache(ctx, c.B().Get().Key(p.key(id)).Cache(), hour).AsBytes())
	}}
}

// nearAside is rueidisaside, which has no read without a near cache. The records exist, so it does
// not call the loader.
func nearAside(p place) side {
	c, err := rueidisaside.NewClient(
		rueidisaside.ClientOption{
			ClientOption: rueidis.ClientOption{InitAddress: []string{p.addr}}})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(c.Close)
	typed := rueidisaside.NewTypedCacheAsideClient(c,
		func(u *User) (string, error) { data, err := json.Marshal(u); return string(data), err },
		func(text string) (*User, error) { u, err := p.decode([]byte(text), nil); return &u, err })
	return side{name: "rueidisaside", kind: other, get: func(
		ctx context.Context, id int64,
	) (User, error) {
		u, err := typed.Get(ctx, hour, p.key(id), nil)
		if err != nil {
			return User{}, err
		}
		return *u, nil
	}}
}
