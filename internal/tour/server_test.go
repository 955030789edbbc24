package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
)

func TestServerThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	must(t, l.Close())
	_, port, _ := net.SplitHostPort(closed)
	const password = "s3cret-Passw0rd"
	unusable := "tour: cannot use the Redis at " + closed + ": dial tcp"
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"refused": {map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": port}, unusable},
		"cluster": {map[string]string{"REDIS_ADDRS": closed}, unusable},
		"bad port": {map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "x",
			"REDIS_DB": "y"}, "FromEnv: REDIS_PORT takes a port from 1 to 65535, or the " +
			"tcp://host:port of Kubernetes; REDIS_DB takes"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "cluster" {
				t.Skip("go-redis tries again for two seconds")
			}
			tt.env["REDIS_PASSWORD"] = password
			environ(t, tt.env)
			started := time.Now()
			out, errs := take(t, t.Context(), exitFailed)
			wantLines(t, errs, tt.want)
			if strings.Contains(out+errs, password) {
				t.Errorf("the password is shown:\n%s%s", out, errs)
			}
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestServerThatIsSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for four seconds")
	}
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	must(t, err)
	defer silent.Close()
	addr := silent.Addr().String()
	started := time.Now()
	_, errs := takeOn(t, t.Context(), at(addr), exitFailed)
	wantLines(t, errs, "tour: cannot use the Redis at "+addr+": no answer in time: ")
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWrongPassword(t *testing.T) {
	s := redistest.Start(t)
	must(t,
		s.Client(t).Do(t.Context(), "ACL", "SETUSER", "tour", "on", ">right", "~*", "+@all").Err())
	host, port, _ := net.SplitHostPort(s.Addr())
	environ(t,
		map[string]string{"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_USERNAME": "tour",
			"REDIS_PASSWORD": "wr0ng-Passw0rd"})
	_, errs := take(t, t.Context(), exitFailed)
	wantLines(t, errs, "tour: cannot use the Redis at "+s.Addr()+": WRONGPASS")
	if strings.Contains(errs, "wr0ng") {
		t.Errorf("the password is shown: %s", errs)
	}
}
