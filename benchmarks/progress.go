package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns a function that shows a progress bar on w, and one that removes it at the end.
// If w is no terminal, show is nil.
func progress(w io.Writer) (show func(done, total int), end func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(1,
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetDescription("measuring"),
		progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true),
		// each write takes time from the measurements
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	return func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done) // go on without a bar if the terminal fails
	}, func() { _ = bar.Finish() }
}
