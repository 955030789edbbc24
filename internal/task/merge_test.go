package task

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestMerge(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7} {
		var got []int
		for v := range Merge(t.Context(), n, 3, func(
			_ context.Context, i int, yield func(int) bool,
		) {
			for j := range 5 {
				if !yield(10*i + j) {
					return
				}
			}
		}) {
			got = append(got, v)
		}
		slices.Sort(got)
		if len(got) != 5*n || len(slices.Compact(got)) != 5*n {
			t.Errorf("%d producers: %v", n, got)
		}
	}
}

// The producers end when the caller stops or panics. The caller gets a producer's panic.
func TestMergeEnds(t *testing.T) {
	for _, n := range []int{1, 4} {
		for _, how := range []string{"break", "panic", "producer"} {
			var running atomic.Int64
			func() {
				defer func() {
					if v := recover(); v != nil != (how != "break") {
						t.Errorf("%s of %d: the caller sees %v", how, n, v)
					}
				}()
				for range Merge(t.Context(), n, n, func(
					_ context.Context, i int, yield func(int) bool,
				) {
					running.Add(1)
					defer running.Add(-1)
					for yield(i) {
						if how == "producer" {
							panic(how)
						}
					}
				}) {
					switch how {
					case "break":
						return
					case "panic":
						panic(how)
					}
				}
			}()
			end := time.Now().Add(10 * time.Second)
			for ; running.Load() != 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s: %d of %d producers are running", how, running.Load(), n)
				}
			}
		}
	}
}

// A caller that stops does not wait for a producer that hangs.
func TestMergeLeavesWhatHangs(t *testing.T) {
	hangs := make(chan struct{})
	defer close(hangs)
	for range Merge(t.Context(), 3, 3, func(_ context.Context, i int, yield func(int) bool) {
		if i == 1 {
			<-hangs
		}
		for yield(i) {
		}
	}) {
		break
	}
}

// If a function calls runtime.Goexit, the caller's goroutine ends too. It is no success.
func TestGoexitGoesOn(t *testing.T) {
	for name, call := range map[string]func(){
		"Merge": func() {
			produce := func(_ context.Context, i int, yield func(int) bool) {
				if i == 1 {
					runtime.Goexit()
				}
				yield(i)
			}
			for range Merge(t.Context(), 3, 3, produce) {
			}
		},
		"Together": func() { Together([]func(){runtime.Goexit, func() {}}) },
		"its last": func() { Together([]func(){func() {}, runtime.Goexit}) },
	} {
		ended := make(chan bool)
		go func() {
			returned := false
			defer func() { ended <- returned }()
			call()
			returned = true
		}()
		if returned := <-ended; returned {
			t.Errorf("%s: the caller goes on", name)
		}
	}
}

func TestTogetherPanics(t *testing.T) {
	for i := range 2 {
		fns := []func(){func() {}, func() {}}
		fns[i] = func() { panic("p") }
		func() {
			defer func() {
				if v := recover(); v != "p" {
					t.Errorf("after a panic of function %d, the caller recovers %v", i, v)
				}
			}()
			Together(fns)
		}()
	}
}
