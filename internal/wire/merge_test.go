package wire

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
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

// The producers end when the caller stops or panics, and a producer's panic is the caller's.
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
			if r := running.Load(); r != 0 {
				t.Errorf("%s: %d of %d producers are running", how, r, n)
			}
		}
	}
}
