// Package parallel is for tests that mostly wait.
package parallel

import (
	"flag"
	"strconv"
)

// Default lets n tests that call t.Parallel run at the same time, even with fewer processors. It
// does nothing if the flag -parallel is given. A TestMain must call it before m.Run.
func Default(n int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // it was called outside a test binary
	}
}
