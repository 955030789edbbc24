package realdata

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The files that stand beside the checkout.
const (
	Twitter      = "twitter.json"
	GitHubEvents = "github_events.json"
)

// Find returns the path of a file in shared/data beside the checkout, which is the folder above the
// module that the working directory is in.
// If it is not there the error is fs.ErrNotExist and names that path.
func Find(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil:
			path := filepath.Join(dir, "..", "..", "shared", "data", name)
			_, err = os.Stat(path)
			return path, err
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		case dir == filepath.Dir(dir):
			return "", errors.New("no go.mod above the working directory")
		}
	}
}
