// Package parallel is for tests that mostly wait.
package parallel

import (
	"flag"
	"strconv"
)

// Default lets n tests that call t.Parallel run at a time, also where there are fewer processors,
// if the flag -parallel does not say otherwise. A TestMain calls it before m.Run.
func Default(n int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // it is called outside a test binary
	}
}
