package store

import (
	"strconv"
	"sync/atomic"

	"github.com/activettl/rediscache/internal/wire"
)

// lists says whether reads should expect lists, which are records with their own terms. A script
// reads any record in one command. A plain command is several times as fast for a string, but a
// list then costs the script too. So after a reply has shown a list, reads use the script. They do
// so until relearn replies in a row have shown none.
type lists struct {
	always bool        // every record is a list
	ever   atomic.Bool // a reply has shown a list
	left   atomic.Int64
}

// relearn is how many reads by script in a row must find no list before plain commands are tried
// again. A cache with few lists pays one more round trip per relearn reads.
const relearn = 256

func (l *lists) expected() bool { return l.always || l.left.Load() > 0 }

// noticeOwnTerms is called for each list that a reply shows.
func (l *lists) noticeOwnTerms() {
	if !l.ever.Load() {
		l.ever.Store(true)
	}
	if l.left.Load() != relearn {
		l.left.Store(relearn)
	}
}

// noticeNoList is called for each reply to a script that shows no list.
func (l *lists) noticeNoList() {
	if l.left.Load() > 0 {
		l.left.Add(-1)
	}
}

// refused is called when the server refuses scripts. Reads then begin with plain commands.
func (l *lists) refused() { l.left.Store(0) }

// ownTTL returns the TTL that follows the value in a list. ok reports whether TTL and deadline are
// what a cache writes. It decides as terms in record.lua does.
func ownTTL(list []string) (own int64, ok bool) {
	if len(list) < 3 || len(list[1]) > 15 || len(list[2]) > 15 {
		return 0, false
	}
	ttl, err := strconv.ParseUint(list[1], 10, 64)
	deadline, err2 := strconv.ParseUint(list[2], 10, 64)
	return int64(ttl), err == nil && err2 == nil && ttl <= wire.MaxMillis && ttl+deadline > 0
}
