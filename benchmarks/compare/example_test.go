package compare_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/activettl/rediscache/benchmarks/compare"
	"github.com/activettl/rediscache/codec"
)

// Order is a type of your program.
type Order struct {
	ID    int64    `json:"id" msgpack:"id"`
	Items []string `json:"items" msgpack:"items"`
	Cents int64    `json:"cents" msgpack:"cents"`
}

func Example() {
	orders := make([]Order, 100)
	for i := range orders {
		orders[i] = Order{ID: int64(1000 + i), Items: []string{"kettle", "desk lamp"}, Cents: 4900}
	}
	report, err := compare.Run(context.Background(), []compare.Group{{
		Name: "orders",
		Entries: []compare.Entry{
			compare.Of("json", codec.JSON[Order]{}, orders),
			compare.Of("msgpack", codec.MsgPack[Order]{}, orders),
		},
	}}, &compare.Options{Rounds: 3}) // few, to be quick; use nil for the defaults
	if err != nil {
		log.Fatal(err) // for example, a codec loses data
	}
	_ = report.WriteTable(os.Stderr) // or WriteHTML, WriteJSON

	for _, f := range report.Results[0].Codecs {
		fmt.Println(f.Name, f.Bytes, "bytes")
	}
	// Output:
	// json 55 bytes
	// msgpack 52 bytes
}
