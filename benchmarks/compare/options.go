package compare

import (
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// DefaultRounds is the default of Options.Rounds.
const DefaultRounds = 40

// Options are the optional settings of Run. Nil Options, and each zero field, mean the default that
// is documented here.
type Options struct {
	// Client is a client of a real server. Run does not close it. Run writes the records under
	// names that no other run uses, with a TTL of 15 minutes. It deletes them at the end, also
	// after an error or if the context ends. The default is miniredis, embedded in this process.
	Client redis.UniversalClient

	// Rounds is the number of turns that each codec has in each measurement. More rounds take
	// longer and make the figures more reliable. The default is DefaultRounds.
	Rounds int

	// Progress, if not nil, is called many times a second, from the goroutine that called Run.
	Progress func(done, total int)
}

// checked returns a copy with the defaults filled in.
func (o *Options) checked() (Options, error) {
	if o == nil {
		o = &Options{}
	}
	c := *o
	switch {
	case c.Rounds < 0:
		return c, fmt.Errorf("compare: Options.Rounds is %d: it must be positive", c.Rounds)
	case c.Rounds == 0:
		c.Rounds = DefaultRounds
	}
	if c.Progress == nil {
		c.Progress = func(int, int) {}
	}
	return c, nil
}

// validate returns an error for groups that Run cannot measure.
func validate(groups []Group) error {
	if len(groups) == 0 {
		return errors.New("compare: there are no groups")
	}
	names := map[string]bool{}
	for _, g := range groups {
		switch {
		case g.Name == "":
			return errors.New("compare: a group has no name")
		case names[g.Name]:
			return fmt.Errorf("compare: two groups are named %s", g.Name)
		case len(g.Entries) == 0:
			return fmt.Errorf("compare: %s has no entries", g.Name)
		}
		names[g.Name] = true
		if err := validateEntries(g.Entries); err != nil {
			return fmt.Errorf("compare: %s: %w", g.Name, err)
		}
	}
	return nil
}

func validateEntries(entries []Entry) error {
	names := map[string]bool{}
	for _, e := range entries {
		switch {
		case e.subject == nil:
			return errors.New("an Entry is zero: make it with Of")
		case e.name == "":
			return errors.New("a codec has no name")
		case names[e.name]:
			return fmt.Errorf("two codecs are named %s", e.name)
		}
		names[e.name] = true
		if err := e.subject.ready(); err != nil {
			return fmt.Errorf("codec %s: %w", e.name, err)
		}
		if n, first := e.subject.len(), entries[0].subject.len(); n != first {
			return fmt.Errorf("codec %s has %d records and codec %s has %d: they must be the "+
				"same ones", e.name, n, entries[0].name, first)
		}
	}
	return nil
}
