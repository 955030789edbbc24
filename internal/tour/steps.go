package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

func (t *tour) codecs(ctx context.Context) {
	t.must(t.users.Set(ctx, 42, ann))
	user, err := t.users.Get(ctx, 42) // a User, not a string or an any
	t.must(err)
	t.show("users.Set(ctx, 42, ann)", "kept")
	t.show("users.Get(ctx, 42)", "%v", user)
	t.check(user.String() == ann.String() && slices.Equal(user.Tags, ann.Tags),
		"the record comes back as it was", user)

	t.must(t.packed.Set(ctx, 42, ann))
	packed, err := t.packed.Get(ctx, 42)
	t.must(err)
	t.check(packed.String() == ann.String() && slices.Equal(packed.Tags, ann.Tags),
		"MsgPack gives the same record", packed)

	t.must(t.messages.Set(ctx, 42, &testpb.User{Id: 42, Name: "Ann", Age: 31, Tags: ann.Tags}))
	message, err := t.messages.Get(ctx, 42)
	t.must(err)
	t.check(message.GetName() == "Ann" && message.GetAge() == 31 &&
		slices.Equal(message.GetTags(), ann.Tags), "Proto gives the same record", message)

	asJSON, err := t.users.Inspect(ctx, 42)
	t.must(err)
	asMsgPack, err := t.packed.Inspect(ctx, 42)
	t.must(err)
	asProto, err := t.messages.Inspect(ctx, 42)
	t.must(err)
	t.show("codec.JSON[User]{}", "%d bytes in Redis", asJSON.Size)
	t.show("codec.MsgPack[User]{}", "%d bytes", asMsgPack.Size)
	t.show("codec.Proto[*pb.User]{}", "%d bytes", asProto.Size)
	t.check(asProto.Size < asMsgPack.Size && asMsgPack.Size < asJSON.Size,
		"JSON is the largest and Proto the smallest", asJSON.Size, asMsgPack.Size, asProto.Size)

	key := t.users.Name() + ":42"
	// as any program sees it that knows nothing of the cache
	text, err := t.rdb.Get(ctx, key).Result()
	t.must(err)
	t.show("redis-cli GET "+key, "%s", text)
	t.check(text == `{"id":42,"name":"Ann","age":31,"visits":0,"tags":["admin","editor"]}`,
		"Redis holds plain JSON", text)
}

// left returns how long a record lives if nobody uses it. Inspect itself renews nothing.
func (t *tour) left(ctx context.Context, c *cache.Cache[int64, User], id int64) time.Duration {
	info, err := c.Inspect(ctx, id)
	t.must(err)
	return info.Remaining
}

func (t *tour) renewal(ctx context.Context) {
	t.must(t.users.Set(ctx, 42, ann))
	fresh := t.left(ctx, t.users, 42)
	t.show("users.Set(ctx, 42, ann)", "%s left", short(fresh))
	t.check(t.whole(fresh, t.times.ttl), "a new record has the policy's TTL", fresh)
	t.wait(ctx, t.times.pause)

	before := t.left(ctx, t.users, 42)
	t.show("users.Inspect(ctx, 42)", "%s left", short(before))
	t.check(before <= t.times.ttl-t.times.pause, "the TTL runs down while nobody reads", before)

	_, err := t.users.Peek(ctx, 42)
	t.must(err)
	peeked := t.left(ctx, t.users, 42)
	t.show("users.Peek(ctx, 42)", "%s left: Peek reads and renews nothing", short(peeked))
	t.check(peeked <= before, "Peek renews nothing", peeked)

	_, err = t.users.Get(ctx, 42)
	t.must(err)
	after := t.left(ctx, t.users, 42)
	t.show("users.Get(ctx, 42)", "%s left: the whole TTL again", short(after))
	t.check(t.whole(after, t.times.ttl), "a read gives the record its whole TTL again", after)
}

func (t *tour) ownTTL(ctx context.Context) {
	t.must(t.users.Set(ctx, 43, bob, cache.WithTTL(t.times.own)))
	t.show("users.Set(ctx, 43, bob, cache.WithTTL(own))", "own is %s, the policy's is %s",
		short(t.times.own), short(t.times.ttl))
	t.wait(ctx, t.times.pause)

	before := t.left(ctx, t.users, 43)
	_, err := t.users.Get(ctx, 43)
	t.must(err)
	after := t.left(ctx, t.users, 43)
	t.show("users.Get(ctx, 43)", "%s left before, %s after: renewed to its own TTL", short(before),
		short(after))
	t.check(before <= t.times.own-t.times.pause, "the TTL runs down while nobody reads", before)
	t.check(t.whole(after, t.times.own), "a read renews the record by its own TTL", after)
}

func (t *tour) tolerance(ctx context.Context) {
	tolerance := t.times.pause / 2
	t.must(t.hot.Set(ctx, 42, ann))
	t.show("hot.Set(ctx, 42, ann)", "it lives for %s, and %s of that are tolerated",
		short(t.times.ttl), short(tolerance))
	t.wait(ctx, tolerance/2)
	_, err := t.hot.Get(ctx, 42)
	t.must(err)
	left := t.left(ctx, t.hot, 42)
	t.show("hot.Get(ctx, 42)", "a plain GET, which writes nothing: %s left", short(left))
	t.check(left <= t.times.ttl-tolerance/2, "a read within the tolerance does not renew", left)
	t.wait(ctx, tolerance)
	_, err = t.hot.Get(ctx, 42)
	t.must(err)
	left = t.left(ctx, t.hot, 42)
	t.show("hot.Get(ctx, 42)", "the tolerance has passed, so this one renews: %s left", short(left))
	t.check(t.whole(left, t.times.ttl), "a read after the tolerance renews", left)
}

func (t *tour) expiry(ctx context.Context) {
	t.must(t.users.SetMany(ctx, map[int64]User{42: ann, 43: bob}))
	t.show("users.SetMany(ctx, {42: ann, 43: bob})", "both under the policy, %s",
		short(t.times.ttl))
	t.wait(ctx, t.times.pause)
	user, err := t.users.Get(ctx, 42)
	t.must(err)
	t.show("users.Get(ctx, 42)", "%v; nobody reads 43", user)
	t.wait(ctx, t.times.pause)

	user, err = t.users.Get(ctx, 42)
	t.must(err)
	t.show("users.Get(ctx, 42)", "%v: it lives as long as it is used", user)
	_, err = t.users.Get(ctx, 43)
	t.show("users.Get(ctx, 43)", "not found: it has expired")
	t.check(errors.Is(err, cache.ErrNotFound), "a record that nobody read has expired", err)
}

func (t *tour) sweep(ctx context.Context) {
	_, err := t.users.Clear(ctx)
	t.must(err)
	t.must(t.users.SetMany(ctx, map[int64]User{42: ann, 43: bob}))
	t.show("users.SetMany(ctx, {42: ann, 43: bob})", "both live for %s", short(t.times.ttl))
	t.wait(ctx, t.times.pause)
	_, err = t.users.Get(ctx, 42)
	t.must(err)
	t.show("users.Get(ctx, 42)", "nobody reads 43, which has %s left",
		short(t.left(ctx, t.users, 43)))

	idle := t.times.pause * 3 / 4
	res, err := t.users.Sweep(ctx, idle)
	t.must(err)
	t.show("users.Sweep(ctx, idle)", "idle is %s: scanned %d, removed %d, longest idle %s",
		short(idle), res.Scanned, res.Removed, short(res.LongestIdle))
	t.check(res.Scanned == 2 && res.Removed == 1 && res.Kept+res.Failed == 0,
		"Sweep removes what was not used for so long", res)
	t.check(t.whole(t.times.ttl-(res.LongestIdle-t.times.pause), t.times.ttl),
		"Sweep knows for how long nobody used a record", res.LongestIdle)
	user, err := t.users.Get(ctx, 42)
	t.must(err)
	_, err = t.users.Get(ctx, 43)
	t.show("users.Get(ctx, 42) and (ctx, 43)", "%v; 43 is not found, before its time", user)
	t.check(errors.Is(err, cache.ErrNotFound), "Sweep removes a record before its TTL ends", err)

	t.must(t.users.Set(ctx, 43, bob))
	t.wait(ctx, t.times.pause)
	_, err = t.users.Get(ctx, 42)
	t.must(err)
	removed := make(chan int, 1)
	background, err := cache.New[int64](t.rdb, t.users.Name(), codec.JSON[User]{}, &cache.Options{
		TTL: ttl.Active(t.times.ttl),
		Sweeper: sweep.Periodic{Interval: 100 * time.Millisecond, MaxIdle: idle,
			Progress: func(p sweep.Progress) {
				if p.Removed > 0 {
					select {
					case removed <- p.Removed:
					default:
					}
				}
			}},
	})
	t.must(err)
	defer background.Close()
	select {
	case n := <-removed:
		t.show("Options{Sweeper: sweep.Periodic{...}}", "the same in the background: removed %d", n)
	case <-time.After(5 * time.Second):
		t.check(false, "Periodic removes what was not used for so long")
	case <-ctx.Done():
		t.must(ctx.Err())
	}
	t.must(background.Close()) // waits for the pass
	found, err := t.users.GetMany(ctx, []int64{42, 43})
	t.must(err)
	t.check(len(found) == 1 && found[42].Name == "Ann", "Periodic leaves what is used", found)
}

func (t *tour) fixed(ctx context.Context) {
	t.must(t.pages.Set(ctx, 42, ann))
	t.show("pages.Set(ctx, 42, ann)", "under %v", ttl.Fixed(t.times.ttl))
	t.wait(ctx, t.times.pause)
	before := t.left(ctx, t.pages, 42)
	_, err := t.pages.Get(ctx, 42)
	t.must(err)
	after := t.left(ctx, t.pages, 42)
	t.show("pages.Get(ctx, 42)", "%s left before, %s after", short(before), short(after))
	t.check(after <= before, "under Fixed a read renews nothing", before, after)
	t.wait(ctx, t.times.pause)
	_, err = t.pages.Get(ctx, 42)
	t.show("pages.Get(ctx, 42)", "not found: it expired on time, read or not")
	t.check(errors.Is(err, cache.ErrNotFound), "under Fixed a record expires on time", err)
}

func (t *tour) batches(ctx context.Context) {
	_, err := t.users.Clear(ctx)
	t.must(err)
	team := map[int64]User{42: ann, 43: bob, 44: {ID: 44, Name: "Cid", Age: 27},
		45: {ID: 45, Name: "Dee", Age: 63}}
	t.must(t.users.SetMany(ctx, team))
	t.show("users.SetMany(ctx, team)", "%d records", len(team))
	found, err := t.users.GetMany(ctx, []int64{42, 43, 99})
	t.must(err)
	t.show("users.GetMany(ctx, {42, 43, 99})", "found %v; 99 is not there, which is no error",
		slices.Sorted(maps.Keys(found)))
	t.check(len(found) == 2 && found[42].Name == "Ann" && found[43].Name == "Bob",
		"GetMany gives what there is", found)
	n, err := t.users.DeleteMany(ctx, []int64{45, 99})
	t.must(err)
	t.show("users.DeleteMany(ctx, {45, 99})", "%d deleted", n)
	t.check(n == 1, "DeleteMany counts what there was", n)
}

func (t *tour) all(ctx context.Context) {
	found := map[int64]User{}
	for record, err := range t.users.All(ctx) { // in pages, in no order
		t.must(err)
		found[record.Key] = record.Value
	}
	t.show("for record, err := range users.All(ctx)", "%d records", len(found))
	for _, id := range slices.Sorted(maps.Keys(found)) {
		t.show("", "%d  %v", id, found[id])
	}
	t.check(len(found) == 3 && found[44].Name == "Cid", "All gives every record", found)
}

func (t *tour) keys(ctx context.Context) {
	var ids []int64
	for id, err := range t.users.Keys(ctx) {
		t.must(err)
		ids = append(ids, id)
	}
	slices.Sort(ids)
	t.show("for id, err := range users.Keys(ctx)", "%v", ids)
	t.check(slices.Equal(slices.Compact(ids), []int64{42, 43, 44}), "Keys gives every key", ids)
	n, err := t.users.Len(ctx)
	t.must(err)
	t.show("users.Len(ctx)", "%d", n)
	t.check(n == 3, "Len counts them", n)
}

func (t *tour) delete(ctx context.Context) {
	t.must(t.users.Delete(ctx, 42))
	t.show("users.Delete(ctx, 42)", "deleted")
	t.must(t.users.Delete(ctx, 42))
	t.show("users.Delete(ctx, 42)", "once more: nothing to delete is no error")
	n, err := t.users.Len(ctx)
	t.must(err)
	t.show("users.Len(ctx)", "%d", n)
	t.check(n == 2, "one record less", n)
}

func (t *tour) miss(ctx context.Context) {
	user, err := t.users.Get(ctx, 42)
	t.show("users.Get(ctx, 42)", "errors.Is(err, cache.ErrNotFound):")
	t.printf("      %v\n", err)
	t.check(errors.Is(err, cache.ErrNotFound) && user.Name == "",
		"a miss is ErrNotFound and no value", user, err)
}
