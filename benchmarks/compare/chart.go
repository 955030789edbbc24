package compare

import "math"

// bar is a row of a chart: what one codec takes for a Set and a Get. The widths are percentages of
// the longest row, so the page needs no script.
type bar struct {
	Name, Total, Bytes string
	Best               bool
	Set, Get           float64 // widths
	Low, Spread        float64 // begin and width of the whisker
}

// bars returns the chart of a group, one bar for each codec that was measured.
func bars(codecs []Figures, best string) []bar {
	var all []bar
	longest := 0.0
	for _, f := range codecs {
		if f.Error == "" {
			longest = max(longest, us(f.Set.P50)+us(f.Get.P50), us(f.Set.P50Q3)+us(f.Get.P50Q3))
		}
	}
	percent := func(micros float64) float64 {
		if longest == 0 {
			return 0
		}
		return math.Round(1e4*micros/longest) / 100
	}
	for _, f := range codecs {
		if f.Error != "" {
			continue
		}
		low, high := us(f.Set.P50Q1)+us(f.Get.P50Q1), us(f.Set.P50Q3)+us(f.Get.P50Q3)
		all = append(all, bar{
			Name: f.Name, Best: f.Name == best,
			Total: number(us(f.Set.P50) + us(f.Get.P50)), Bytes: number(f.Bytes),
			Set: percent(us(f.Set.P50)), Get: percent(us(f.Get.P50)),
			Low: percent(low), Spread: percent(high - low),
		})
	}
	return all
}
