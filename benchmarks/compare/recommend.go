package compare

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Rule says how a Report chooses a codec.
const Rule = "of the codecs less than 5 % slower than the fastest, the one with the fewest bytes " +
	"per record; the time is the p50 of a Set plus the p50 of a Get, through the cache"

// tie is the limit below which a slower codec counts as equally fast.
const tie = 0.05

// recommend chooses a codec by Rule and says why. If two that tie have equal bytes, it chooses the
// faster one.
func recommend(codecs []Figures) (best, why string) {
	ranked := slices.DeleteFunc(slices.Clone(codecs), func(f Figures) bool { return f.Error != "" })
	if len(ranked) == 0 {
		return "", "no codec gives every record back"
	}
	slices.SortStableFunc(ranked, func(a, b Figures) int {
		return cmp.Compare(roundTrip(a), roundTrip(b))
	})
	fastest := ranked[0]
	chosen := fastest
	for _, f := range ranked[1:] {
		if tied(fastest, f) && f.Bytes < chosen.Bytes {
			chosen = f
		}
	}
	why = fmt.Sprintf("%s for a Set and a Get, %s B per record", micros(roundTrip(chosen)),
		number(chosen.Bytes))
	switch {
	case len(ranked) == 1:
		why += "; no other codec was measured"
	case chosen.Name != fastest.Name:
		why += fmt.Sprintf("; %s is %s faster, which counts as a tie, and has %s B", fastest.Name,
			percent(fastest, chosen), number(fastest.Bytes))
	case tied(fastest, ranked[1]):
		why += fmt.Sprintf("; %s is %s slower, which counts as a tie, and has %s B", ranked[1].Name,
			percent(fastest, ranked[1]), number(ranked[1].Bytes))
	default:
		why += fmt.Sprintf("; the next, %s, is %s slower and has %s B", ranked[1].Name,
			percent(fastest, ranked[1]), number(ranked[1].Bytes))
	}
	return chosen.Name, why
}

func roundTrip(f Figures) time.Duration { return f.Set.P50 + f.Get.P50 }

func tied(fastest, f Figures) bool {
	return float64(roundTrip(f)) < (1+tie)*float64(roundTrip(fastest))
}

// percent returns how much slower slow is than fast.
func percent(fast, slow Figures) string {
	return fmt.Sprintf("%.1f %%", 100*(float64(roundTrip(slow))/float64(roundTrip(fast))-1))
}
