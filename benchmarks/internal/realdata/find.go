package realdata

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The files beside the checkout.
const (
	Twitter      = "twitter.json"
	GitHubEvents = "github_events.json"
)

// Find returns the path of a file in shared/data beside the checkout. It must be called in a module
// whose folder is directly in the checkout. If the file is missing, the error is fs.ErrNotExist and
// the path is still returned.
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
