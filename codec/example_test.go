package codec_test

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

type product struct {
	SKU   string `json:"sku" msgpack:"s"`
	Price int    `json:"price" msgpack:"p"`
}

func ExampleJSON() {
	c := codec.JSON[product]{}
	data, err := c.Encode(product{SKU: "A-1", Price: 250})
	fmt.Println(string(data), err)

	p, err := c.Decode(data)
	fmt.Println(p.SKU, p.Price, err)

	_, err = c.Decode([]byte(`{"sku":"A-1","price":"a lot"}`))
	fmt.Println(err)
	// Output:
	// {"sku":"A-1","price":250} <nil>
	// A-1 250 <nil>
	// json: JSON string does not fit field "price" of Go type int
}

func ExampleJSON_SetFields() {
	c := codec.JSON[product]{}
	stored := []byte(`{"sku":"A-1","price":250,"color":"red"}`) // product has no color

	data, err := c.SetFields(stored, map[string]any{"price": 300})
	fmt.Println(string(data), err)

	_, err = c.SetFields(stored, map[string]any{"prize": 300})
	fmt.Println(err, errors.Is(err, codec.ErrUnknownField))

	_, err = c.SetFields(stored, map[string]any{"price": 2.5})
	fmt.Println(err, errors.Is(err, codec.ErrFieldValue))
	// Output:
	// {"sku":"A-1","price":300,"color":"red"} <nil>
	// json: no field "prize" in codec_test.product true
	// json: field "price" of type int cannot hold this float64 exactly true
}

func ExampleMsgPack() {
	c := codec.MsgPack[product]{}
	data, err := c.Encode(product{SKU: "A-1", Price: 25})
	fmt.Printf("%q %v\n", data, err)

	p, err := c.Decode(data)
	fmt.Println(p.SKU, p.Price, err)

	_, err = c.Decode(data[:5])
	fmt.Println(err)
	// Output:
	// "\x82\xa1s\xa3A-1\xa1p\x19" <nil>
	// A-1 25 <nil>
	// msgpack: data ends inside the value
}

func ExampleProto() {
	c := codec.Proto[*testpb.User]{}
	ann := &testpb.User{Id: 42, Name: "Ann", Role: testpb.Role_ROLE_ADMIN}
	data, err := c.Encode(ann)
	fmt.Println(len(data), err)

	back, err := c.Decode(data)
	fmt.Println(proto.Equal(ann, back), err)

	_, err = c.Encode(nil)
	fmt.Println(err)
	// Output:
	// 9 <nil>
	// true <nil>
	// proto: cannot encode a nil *testpb.User
}

func ExampleBytes() {
	c := codec.Bytes{}
	data, _ := c.Encode([]byte("as it is"))
	back, _ := c.Decode(data)
	fmt.Printf("%s\n", back)
	// Output: as it is
}

func ExampleString() {
	c := codec.String{}
	data, _ := c.Encode("as it is")
	back, _ := c.Decode(data)
	fmt.Println(back)
	// Output: as it is
}

// Old and new processes run side by side, while a cache changes from JSON to MessagePack.
func ExampleMigrate() {
	older := codec.Version(0, codec.Codec[product](codec.JSON[product]{})) // the codec so far
	newer := codec.Version(1, codec.Codec[product](codec.MsgPack[product]{}))
	first := codec.Migrate(older, newer)  // deploy this everywhere
	second := codec.Migrate(newer, older) // and then this

	json, err := first.Encode(product{"A-1", 250})
	fmt.Println(string(json), err)
	p, err := second.Decode(json)
	fmt.Println(p, err)
	packed, err := second.Encode(p)
	fmt.Printf("%q %v\n", packed[:3], err)
	fmt.Println(first.Decode(packed))
	// Output:
	// {"sku":"A-1","price":250} <nil>
	// {A-1 250} <nil>
	// "\xc1 \x01" <nil>
	// {A-1 250} <nil>
}

// Never use the number of a codec again for another one.
func ExampleVersion() {
	a := codec.Version(1, codec.Codec[string](codec.String{}))
	b := codec.Version(1, codec.Codec[string](codec.JSON[string]{}))
	fmt.Println(codec.Check(codec.Migrate(a, b))) // cache.New returns this error
	// Output: migrate: two codecs have the number 1
}
