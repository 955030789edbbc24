package codectest_test

import (
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec/codectest"
)

// words is a codec with a fault: no words come back as one empty word.
type words struct{}

func (words) Encode(v []string) ([]byte, error) { return []byte(strings.Join(v, " ")), nil }

func (words) Decode(data []byte) ([]string, error) { return strings.Split(string(data), " "), nil }

// In your test, call Run(t) in place of Faults.
func ExampleSuite() {
	suite := codectest.Suite[[]string]{
		Codec:  words{},
		Values: [][]string{{}, {"one"}, {"one", "two"}},
	}
	for _, fault := range suite.Faults() {
		text, _, _ := strings.Cut(fault.Err.Error(), "\n")
		fmt.Println(fault.Check)
		fmt.Println(strings.ReplaceAll(text, ": ", "\n"))
	}
	// Output:
	// RoundTrip
	// value 0
	// the decoded value is not the one that was encoded
	// the value has 1 elements and had 0
}
