package ttl_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/ttl"
)

func TestTerms(t *testing.T) {
	tests := []struct {
		policy ttl.Policy
		want   ttl.Terms
		text   string
	}{
		{ttl.Active(time.Hour), ttl.Terms{TTL: time.Hour, Renews: true}, "ttl.Active(1h0m0s)"},
		{ttl.Fixed(time.Millisecond), ttl.Terms{TTL: time.Millisecond}, "ttl.Fixed(1ms)"},
		{
			ttl.Active(time.Hour, ttl.MaxAge(24*time.Hour)),
			ttl.Terms{TTL: time.Hour, Renews: true, MaxAge: 24 * time.Hour},
			"ttl.Active(1h0m0s, ttl.MaxAge(24h0m0s))",
		},
		{
			ttl.Active(time.Hour, ttl.MaxAge(time.Hour)),
			ttl.Terms{TTL: time.Hour, Renews: true, MaxAge: time.Hour},
			"ttl.Active(1h0m0s, ttl.MaxAge(1h0m0s))",
		},
		{
			ttl.Active(time.Hour, ttl.Tolerance(time.Minute), ttl.MaxAge(2*time.Hour)),
			ttl.Terms{TTL: time.Hour, Renews: true, MaxAge: 2 * time.Hour, Tolerance: time.Minute},
			"ttl.Active(1h0m0s, ttl.MaxAge(2h0m0s), ttl.Tolerance(1m0s))",
		},
		{
			ttl.Fixed(time.Hour, ttl.Jitter(0.1)),
			ttl.Terms{TTL: time.Hour, Jitter: 0.1},
			"ttl.Fixed(1h0m0s, ttl.Jitter(0.1))",
		},
		{
			ttl.Fixed(time.Hour, ttl.Jitter(0.5), ttl.Refresh(29*time.Minute)),
			ttl.Terms{TTL: time.Hour, Jitter: 0.5, Refresh: 29 * time.Minute},
			"ttl.Fixed(1h0m0s, ttl.Jitter(0.5), ttl.Refresh(29m0s))",
		},
		{
			ttl.Active(time.Minute, ttl.MaxAge(time.Hour), ttl.Refresh(59*time.Minute)),
			ttl.Terms{TTL: time.Minute, Renews: true, MaxAge: time.Hour, Refresh: 59 * time.Minute},
			"ttl.Active(1m0s, ttl.MaxAge(1h0m0s), ttl.Refresh(59m0s))",
		},
		{ttl.Fixed(math.MaxInt64), ttl.Terms{TTL: math.MaxInt64},
			"ttl.Fixed(2562047h47m16.854775807s)"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got := tt.policy.Terms(); got != tt.want {
				t.Errorf("Terms() = %+v, want %+v", got, tt.want)
			}
			if err := tt.policy.Terms().Validate(); err != nil {
				t.Errorf("Validate() = %v, want nil", err)
			}
			if got := fmt.Sprint(tt.policy); got != tt.text {
				t.Errorf("String() = %q, want %q", got, tt.text)
			}
		})
	}
}

func TestTermsRefused(t *testing.T) {
	tests := []struct {
		name   string
		policy ttl.Policy
		want   string // a part of the error that names what is wrong
	}{
		{"zero", ttl.Active(0), "0s is less than 1ms"},
		{"negative", ttl.Fixed(-time.Second), "-1s is less"},
		{"below a millisecond", ttl.Active(999 * time.Microsecond), "999µs is less"},
		{"max age below TTL", ttl.Active(time.Hour, ttl.MaxAge(time.Minute)), "MaxAge 1m0s"},
		{"max age zero", ttl.Active(time.Hour, ttl.MaxAge(0)), "MaxAge must be positive"},
		{"max age negative", ttl.Active(time.Hour, ttl.MaxAge(-time.Hour)),
			"MaxAge must be positive"},
		{"max age of a fixed TTL", ttl.Fixed(time.Hour, ttl.MaxAge(2*time.Hour)), "MaxAge 2h0m0s"},
		{"tolerance zero", ttl.Active(time.Hour, ttl.Tolerance(0)), "Tolerance"},
		{"tolerance negative", ttl.Active(time.Hour, ttl.Tolerance(-time.Minute)), "Tolerance"},
		{"tolerance below a millisecond", ttl.Active(time.Hour, ttl.Tolerance(time.Microsecond)),
			"Tolerance 1µs is less than 1ms"},
		{"tolerance of the whole TTL", ttl.Active(time.Hour, ttl.Tolerance(time.Hour)),
			"Tolerance 1h0m0s is not less than the TTL"},
		{"tolerance of the whole TTL in milliseconds",
			ttl.Active(10900*time.Microsecond,
				ttl.Tolerance(10100*time.Microsecond)), "Tolerance 10.1ms is not less than " +
				"the TTL"},
		{"tolerance of a fixed TTL", ttl.Fixed(time.Hour, ttl.Tolerance(time.Minute)),
			"Tolerance 1m0s is for a policy that renews"},
		{"jitter of one", ttl.Fixed(time.Hour, ttl.Jitter(1)), "Jitter 1 "},
		{"jitter negative", ttl.Fixed(time.Hour, ttl.Jitter(-0.1)), "Jitter -0.1"},
		{"jitter NaN", ttl.Fixed(time.Hour, ttl.Jitter(math.NaN())), "Jitter NaN"},
		{"jitter of a sliding TTL", ttl.Active(time.Hour, ttl.Jitter(0.1)), "Jitter 0.1"},
		{"refresh zero", ttl.Fixed(time.Hour, ttl.Refresh(0)), "Refresh"},
		{"refresh negative", ttl.Fixed(time.Hour, ttl.Refresh(-time.Minute)), "Refresh"},
		{"refresh below a millisecond", ttl.Fixed(time.Hour, ttl.Refresh(1)), "less than 1ms"},
		{"refresh of the whole TTL", ttl.Fixed(time.Hour, ttl.Refresh(time.Hour)),
			"Refresh 1h0m0s is not less than the shortest life of a record, 1h0m0s"},
		{"refresh of the shortest life",
			ttl.Fixed(time.Hour, ttl.Refresh(30*time.Minute), ttl.Jitter(0.5)),
			"Refresh 30m0s is not less than the shortest life of a record, 30m0s"},
		{"refresh without max age", ttl.Active(time.Hour, ttl.Refresh(time.Minute)),
			"needs a MaxAge"},
		{"refresh of the max age",
			ttl.Active(time.Hour, ttl.MaxAge(2*time.Hour), ttl.Refresh(2*time.Hour)),
			"Refresh 2h0m0s is not less than MaxAge 2h0m0s"},
		{"jitter below a millisecond", ttl.Fixed(time.Millisecond, ttl.Jitter(0.5)), "Jitter 0.5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.policy.Terms().Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate() = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
