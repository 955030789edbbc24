// Package payload has the records that the benchmarks cache, and their formats.
package payload

import (
	"encoding/json"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

// User is the cached value: a flat struct, with a list of Orders if it must be larger. It has no
// pointers: for those, msgpack.Unmarshal starts goroutines that never end.
type User struct {
	ID     int64   `json:"id" msgpack:"id"`
	Name   string  `json:"name" msgpack:"name"`
	Email  string  `json:"email" msgpack:"email"`
	Age    int     `json:"age" msgpack:"age"`
	Active bool    `json:"active" msgpack:"active"`
	Orders []Order `json:"orders,omitempty" msgpack:"orders,omitempty"`
}

// Order is a part of a User.
type Order struct {
	ID       int64   `json:"id" msgpack:"id"`
	Product  string  `json:"product" msgpack:"product"`
	Quantity int     `json:"quantity" msgpack:"quantity"`
	Price    float64 `json:"price" msgpack:"price"`
}

// Size is a User with about as many bytes of JSON as its label says.
type Size struct {
	Label string
	User  User
}

// The sizes of the records.
var (
	Small  = Size{"100B", userOf(100)}
	Medium = Size{"1KB", userOf(1000)}
	Sizes  = []Size{Small, Medium, {"10KB", userOf(10_000)}}
)

func userOf(bytes int) User {
	u := User{ID: 1_000_042, Name: "Ann Lovelace-Example", Email: "ann.lovelace@example.com",
		Age: 31, Active: true}
	for {
		data, err := json.Marshal(u)
		if err != nil {
			panic(err) // JSON can encode every User
		}
		if len(data) >= bytes-40 { // 40 is about half an Order
			return u
		}
		i := len(u.Orders)
		u.Orders = append(u.Orders, Order{
			ID: 700_000 +
				int64(i), Product: fmt.Sprintf("kettle, stainless steel, no. %d",
				i), Quantity: i%5 + 1, Price: 19.9 + float64(i),
		})
	}
}

// Format is a codec of the library, and the two functions that a program without the library calls.
type Format struct {
	Label     string
	Codec     codec.Codec[User]
	Marshal   func(any) ([]byte, error)
	Unmarshal func([]byte, any) error
}

// The formats of the records.
var (
	JSON    = Format{"json", codec.JSON[User]{}, json.Marshal, json.Unmarshal}
	MsgPack = Format{"msgpack", codec.MsgPack[User]{}, msgpack.Marshal, msgpack.Unmarshal}
)
