// Package names owns every name that a cache has in Redis: the keys of its records, those of its
// bookkeeping, and how a Go key becomes text.
package names

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Names are the names of one cache. The zero value is not usable.
type Names struct{ full string }

// MaxName is how many bytes a namespace and a name have together, at most.
const MaxName = 256

// Neither has a colon, so the first colon of a key ends the cache's full name and no cache sees the
// keys of another. Neither has a character that means something in a SCAN or an ACL pattern.
var (
	validName      = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
	validNamespace = regexp.MustCompile(`^([A-Za-z0-9_-]+[/.])*$`)
)

// New returns the names of the cache of that name in a namespace, which may be empty. The error
// names the one that is refused, as the field of Options or the parameter of New.
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

// Of returns the full name of the cache that a key belongs to, by its form. record says that it is
// below the Prefix of that cache, and not one of bookkeeping. A walk over the cache meets it then,
// also if its text is none that a cache writes: empty or too long. ok is false if there is no such
// cache.
func Of(key string) (full string, record, ok bool) {
	end := strings.IndexAny(key, ":!")
	if end < 1 || end > MaxName || !validName.MatchString(key[:end]) {
		return "", false, false
	}
	return key[:end], key[end] == ':', true
}

// String returns the full name.
func (n Names) String() string { return n.full }

// Prefix is what the keys of all records begin with.
func (n Names) Prefix() string { return n.full + ":" }

// Text returns the text of a record's key without the cache's name.
func (n Names) Text(key string) string { return key[len(n.full)+1:] }

// Key returns the key of a record from its text.
func (n Names) Key(text string) string { return n.full + ":" + text }

// Sweep is the lease of a sweep.
func (n Names) Sweep() string { return n.full + "!sweep" }

// Swept is there while the next periodic sweep is not due.
func (n Names) Swept() string { return n.full + "!swept" }

// Seen is a shard of the index of accesses.
func (n Names) Seen(shard int) string { return n.full + "!seen:" + strconv.Itoa(shard) }

// Load is the lease of a refresh of the record with this key.
func (n Names) Load(key string) string { return n.full + "!load:" + n.Text(key) }

// Near is what the names of canaries begin with.
func (n Names) Near() string { return n.full + near }

const near = "!near"

// Canaries is the pattern of the canaries of all caches, as PUBSUB CHANNELS takes it. Of tells the
// cache of each.
const Canaries = "*" + near + ":*"

// Longest holds the longest TTL that a record of a tracked cache was given.
func (n Names) Longest() string { return n.full + "!longest" }
