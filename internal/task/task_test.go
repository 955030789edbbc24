package task

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestGuard(t *testing.T) {
	boom := errors.New("boom")
	for name, tt := range map[string]struct {
		fn     func()
		failed bool
		with   any
	}{
		"returns": {func() {}, false, nil},
		"panic":   {func() { panic(boom) }, true, boom},
		"Goexit":  {runtime.Goexit, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			failed, done := false, make(chan struct{})
			go func() {
				defer close(done)
				Guard(tt.fn, func(v any) {
					failed = true
					if v != tt.with {
						t.Errorf("failed with %v, want %v", v, tt.with)
					}
				})
			}()
			<-done
			if failed != tt.failed {
				t.Errorf("failed: %v, want %v", failed, tt.failed)
			}
		})
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := Sleep(t.Context(), time.Hour); err != nil || time.Since(begun) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun = time.Now()
		err := Sleep(ctx, time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
