package cache_test

import (
	"errors"
	"slices"
	"time"

	"github.com/activettl/rediscache/cache"
)

func init() {
	usages["Fixed, `Options.Near`"] = nearUsage()
}

// nearUsage is a usage with copies. If the server does not report written keys, the Hook is told
// why.
func nearUsage() usage {
	h := &recorder{}
	o := nearWith(cache.Near{Staleness: minStaleness})
	o.Hook = h
	return usage{o: o, do: func(s *site) []error {
		h.forget()
		soon(s.t, "a proof, or a refusal", func() bool {
			return s.users.Stats().Near.ProofAge >= 0 || h.count("Near") > 0
		})
		errs := s.operate()
		for _, op := range h.of("Near") {
			errs = append(errs, op.Err)
		}
		before := s.users.Stats().Near.Hits
		s.put("hit")
		for range 100 {
			_, err := s.users.Get(ctx(s.t), "hit")
			if errs = append(errs, s.after(err)); err != nil {
				break
			}
		}
		if s.users.Stats().Near.Hits == before && !slices.ContainsFunc(errs, denied) {
			errs = append(errs, errors.New("no hit"))
		}
		return errs
	}}
}

const minStaleness = 100 * time.Millisecond
