// Package names makes every name that a cache has in Redis: the keys of its records and of its
// bookkeeping. It also converts Go keys to text.
package names

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Names are the names of one cache. The zero value is not usable.
type Names struct{ full string }

// MaxName is how many bytes a namespace and a name may have together.
const MaxName = 256

// Neither has a colon. So the first colon of a key ends the cache's full name, and no cache sees
// the keys of another. Neither has a character with a meaning in a SCAN or an ACL pattern.
var (
	validName      = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
	validNamespace = regexp.MustCompile(`^([A-Za-z0-9_-]+[/.])*$`)
)

// New returns the names of the cache of that name in a namespace, which may be empty. The error
// says which of the two is invalid: the name, or the field of Options.
func New(namespace, name string) (Names, error) {
	switch {
	case !validName.MatchString(name):
		return Names{}, fmt.Errorf("name %.64q must match %s", name, validName)
	case namespace != "" && !strings.HasSuffix(namespace, "/") &&
		!strings.HasSuffix(namespace, "."):
		return Names{}, fmt.Errorf("Options.Namespace %.64q must end in / or a dot", namespace)
	case !validNamespace.MatchString(namespace):
		return Names{}, fmt.Errorf("Options.Namespace %.64q must consist of parts of letters, "+
			"digits, _ and -, each followed by / or a dot", namespace)
	case len(namespace)+len(name) > MaxName:
		return Names{}, fmt.Errorf("Options.Namespace and the name have %d bytes together, "+
			"more than %d", len(namespace)+len(name), MaxName)
	}
	return Names{namespace + name}, nil
}

// Of returns the full name of the cache that a key belongs to, from the form of the key. record
// says that the key begins with the Prefix of that cache, and so is not bookkeeping. Then a walk
// over the cache finds it, even if no cache writes such a text, since it is empty or too long. ok
// is false if the key has no such form.
func Of(key string) (full string, record, ok bool) {
	end := strings.IndexAny(key, ":!")
	if end < 1 || end > MaxName || !validName.MatchString(key[:end]) {
		return "", false, false
	}
	return key[:end], key[end] == ':', true
}

// String returns the full name.
func (n Names) String() string { return n.full }

// Prefix returns the beginning of the keys of all records.
func (n Names) Prefix() string { return n.full + ":" }

// Text returns the text of a record's key without the cache's name.
func (n Names) Text(key string) string { return key[len(n.full)+1:] }

// Key returns the key of a record from its text.
func (n Names) Key(text string) string { return n.full + ":" + text }

// Sweep returns the key of the lease of a sweep.
func (n Names) Sweep() string { return n.full + "!sweep" }

// Swept returns the key that exists while the next periodic sweep is not due.
func (n Names) Swept() string { return n.full + "!swept" }

// Seen returns the key of a shard of the index of accesses.
func (n Names) Seen(shard int) string { return n.full + "!seen:" + strconv.Itoa(shard) }

// Load returns the key of the lease for a refresh of the record with this key.
func (n Names) Load(key string) string { return n.full + "!load:" + n.Text(key) }

// Near returns the beginning of the names of canaries.
func (n Names) Near() string { return n.full + near }

const near = "!near"

// Canaries is the pattern of the canaries of all caches, for PUBSUB CHANNELS. Of returns the cache
// of each canary.
const Canaries = "*" + near + ":*"

// Longest returns the key that holds the longest TTL that a record of a tracked cache was given.
func (n Names) Longest() string { return n.full + "!longest" }
