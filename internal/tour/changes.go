package main

import (
	"context"
	"errors"
	"sync"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/testpb"
)

func (t *tour) update(ctx context.Context) {
	older := ann
	older.Age = 32
	t.must(t.users.Set(ctx, 42, ann, cache.WithTTL(t.times.own)))
	t.must(t.users.Update(ctx, 42, older))
	user, err := t.users.Get(ctx, 42)
	t.must(err)
	t.show("users.Update(ctx, 42, older)", "%v", user)
	t.check(user.Age == 32, "Update replaces the value", user)
	info, err := t.users.Inspect(ctx, 42)
	t.must(err)
	t.show("users.Inspect(ctx, 42)", "TTL %s: it keeps the one that Set gave it", short(info.TTL))
	t.check(info.TTL == t.times.own, "Update keeps a record's own TTL", info.TTL)

	err = t.users.Update(ctx, 99, older)
	t.show("users.Update(ctx, 99, older)", "not found: Update makes no new record")
	t.check(errors.Is(err, cache.ErrNotFound), "Update makes no new record", err)
}

func (t *tour) updateField(ctx context.Context) {
	t.must(t.users.Set(ctx, 42, ann))
	t.must(t.users.UpdateField(ctx, 42, "age", 33))
	user, err := t.users.Get(ctx, 42)
	t.must(err)
	t.show(`users.UpdateField(ctx, 42, "age", 33)`, "%v", user)
	t.check(user.Age == 33 && user.Name == ann.Name, "one field is another, the rest is as it was",
		user)

	// The other codecs name fields just so: by the msgpack tag, by the name in the .proto file.
	t.must(t.packed.Set(ctx, 42, ann))
	t.must(t.packed.UpdateField(ctx, 42, "age", 33))
	t.must(t.messages.Set(ctx, 42, &testpb.User{Name: "Ann", Age: 31}))
	t.must(t.messages.UpdateField(ctx, 42, "age", 33))
	packed, err := t.packed.Get(ctx, 42)
	t.must(err)
	message, err := t.messages.Get(ctx, 42)
	t.must(err)
	t.show("the same in MsgPack and Proto", "age %d and age %d", packed.Age, message.GetAge())
	t.check(packed.Age == 33 && message.GetAge() == 33, "all three codecs know the field",
		packed.Age, message.GetAge())

	err = t.users.UpdateField(ctx, 42, "agee", 34)
	t.show(`users.UpdateField(ctx, 42, "agee", 34)`,
		"refused, errors.Is(err, cache.ErrUnknownField):")
	t.printf("      %v\n", err)
	t.check(errors.Is(err, cache.ErrUnknownField), "a field that is not there is refused", err)
	err = t.users.UpdateField(ctx, 42, "age", "old")
	t.show(`users.UpdateField(ctx, 42, "age", "old")`,
		"refused, errors.Is(err, cache.ErrFieldValue):")
	t.printf("      %v\n", err)
	t.check(errors.Is(err, cache.ErrFieldValue), "a value that does not fit is refused", err)
	user, err = t.users.Peek(ctx, 42)
	t.must(err)
	t.check(user.Age == 33, "what is refused changes nothing", user)
}

func (t *tour) modify(ctx context.Context) {
	t.must(t.users.Set(ctx, 42, ann))
	visit := func(u User) (User, error) { u.Visits++; return u, nil }
	user, err := t.users.Modify(ctx, 42, visit)
	t.must(err)
	t.show("users.Modify(ctx, 42, visit)", "%v", user)
	t.check(user.Visits == 1, "Modify changes the value", user)

	errs := make([]error, 9)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = t.users.Modify(ctx, 42, visit) })
	}
	all.Wait()
	t.must(errors.Join(errs...))
	user, err = t.users.Get(ctx, 42)
	t.must(err)
	t.show("the same nine times at once", "%v: no change is lost", user)
	t.check(user.Visits == 10, "no change is lost", user)
}
