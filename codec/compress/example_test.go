package compress_test

import (
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
)

type page struct {
	Path string `json:"path"`
	HTML string `json:"html"`
}

func ExampleS2() {
	pages := compress.S2(codec.JSON[page]{}, nil)
	data, err := pages.Encode(page{"/", strings.Repeat("<p>Hello, world!</p>", 200)})
	fmt.Println(len(data) < 400, err)

	p, err := pages.Decode(data)
	fmt.Println(p.Path, len(p.HTML), err)

	// A record from before compression was turned on.
	p, err = pages.Decode([]byte(`{"path":"/old","html":"<p>Hello!</p>"}`))
	fmt.Println(p.Path, p.HTML, err)
	// Output:
	// true <nil>
	// / 4000 <nil>
	// /old <p>Hello!</p> <nil>
}

func ExampleZstd() {
	pages := compress.Zstd(codec.JSON[page]{}, &compress.Options{Min: 512, Max: 4096})
	_, err := pages.Encode(page{"/", strings.Repeat("x", 5000)})
	fmt.Println(err)
	// Output:
	// compress: the value has 5022 bytes, more than Options.Max = 4096
}
