package serverinfo

import (
	"maps"
	"testing"
)

func TestParse(t *testing.T) {
	const info = "# Commandstats\r\n" +
		"cmdstat_getex:calls=3,usec=7,usec_per_call=2.33,rejected_calls=0,failed_calls=0\r\n" +
		"cmdstat_client|setinfo:calls=2,usec=1,usec_per_call=0.50\r\n"
	want := map[string]Stat{"getex": {3, 7}, "client|setinfo": {2, 1}}
	if got, err := parse(info); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"cmdstat_get:calls=x,usec=1", "cmdstat_get:calls=1,usec="} {
		if got, err := parse(bad); err == nil {
			t.Errorf("%q is %v, want an error", bad, got)
		}
	}
}
