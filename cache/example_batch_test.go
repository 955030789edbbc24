package cache_test

import (
	"context"
	"fmt"
	"log"
	"slices"
)

func ExampleCache_GetMany() {
	accounts, done := open()
	defer done()

	found, err := accounts.GetMany(context.Background(), []int64{42, 43, 7})
	fmt.Println(len(found), found[43], err)
	// Output: 2 {Bob 44 0} <nil>
}

func ExampleCache_SetMany() {
	accounts, done := open()
	defer done()

	err := accounts.SetMany(context.Background(), map[int64]Account{
		44: {Name: "Eve", Age: 27},
		45: {Name: "Joe", Age: 61},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleCache_DeleteMany() {
	accounts, done := open()
	defer done()

	n, err := accounts.DeleteMany(context.Background(), []int64{42, 43, 7})
	fmt.Println(n, "deleted", err)
	// Output: 2 deleted <nil>
}

func ExampleCache_All() {
	accounts, done := open()
	defer done()

	var names []string
	for rec, err := range accounts.All(context.Background()) {
		if err != nil {
			log.Println(err) // the error names the record; the walk goes on
			continue
		}
		names = append(names, rec.Value.Name)
	}
	slices.Sort(names) // they come in no order
	fmt.Println(names)
	// Output: [Ann Bob]
}

func ExampleCache_Keys() {
	accounts, done := open()
	defer done()

	var ids []int64
	for id, err := range accounts.Keys(context.Background()) {
		if err != nil {
			log.Println(err)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	fmt.Println(ids)
	// Output: [42 43]
}

func ExampleCache_Len() {
	accounts, done := open()
	defer done()

	fmt.Println(accounts.Len(context.Background()))
	// Output: 2 <nil>
}

func ExampleCache_Clear() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.Clear(ctx))
	fmt.Println(accounts.Len(ctx))
	// Output:
	// 2 <nil>
	// 0 <nil>
}
