package codectest_test

import (
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/codectest"
)

// traced wraps a codec in a struct, which hides the other methods of the codec.
type traced struct{ codec.Codec[string] }

// In your test, call Run(t) in place of Faults.
func ExampleWrapper() {
	wrapper := codectest.Wrapper[string]{
		Wrap:  func(inner codec.Codec[string]) codec.Codec[string] { return traced{inner} },
		Suite: codectest.Suite[string]{Values: []string{"", "Ann"}},
	}
	for _, fault := range wrapper.Faults() {
		if name, found := strings.CutPrefix(fault.Check, "AroundAble/"); found {
			fmt.Println(name)
		}
	}
	// Output:
	// ForwardsAppend
	// ForwardsSetFields
	// ForwardsClone
	// ForwardsCheck
	// ForwardsUnwrap
}
