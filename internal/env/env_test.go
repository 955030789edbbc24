package env

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-envconfig"
)

// decoded returns the value that a Decoder makes of a text, or its error.
func decoded[T any, P interface {
	*T
	envconfig.Decoder
}](s string) (any, error) {
	var v T
	err := P(&v).EnvDecode(s)
	return v, err
}

func TestTypes(t *testing.T) {
	for name, tt := range map[string]struct {
		decode func(string) (any, error)
		good   map[string]any
		bad    []string
	}{
		"Text": {decoded[Text], map[string]any{" app\n": Text("app")}, nil},
		"Password": {decoded[Password], map[string]any{
			"pw\r\n": Password("pw"), " p w ": Password(" p w "), "\n": Password(""),
		}, nil},
		"ClientName": {decoded[ClientName], map[string]any{" web-1\n": ClientName("web-1")},
			[]string{"web 1", "wéb", "a\x00"}},
		"Namespace": {decoded[Namespace], map[string]any{"shop/prod/ ": Namespace("shop/prod/"),
			"shop.": Namespace("shop.")},
			[]string{"shop", "shop:prod/", "/", strings.Repeat("a/", 128)}},
		"Bool": {decoded[Bool], map[string]any{
			"true": Bool(true), " TRUE\n": Bool(true), "1": Bool(true), "Yes": Bool(true),
			"on": Bool(true), "false": Bool(false), "0": Bool(false), "no": Bool(false),
			"OFF": Bool(false),
		}, []string{"2", "enabled", "truе"}},
		"Not": {decoded[Not], map[string]any{"true": Not(false), "off": Not(true)},
			[]string{"maybe"}},
		"ReadFrom": {decoded[ReadFrom], map[string]any{"primary": ReadFrom("primary"),
			" Replica": ReadFrom("replica"), "NEAREST": ReadFrom("nearest")}, []string{"master"}},
		"Database": {decoded[Database], map[string]any{" 0": Database(0), "15": Database(15)},
			[]string{"-1", "1.0", "x", "2147483648"}},
		"PoolSize": {decoded[PoolSize], map[string]any{"1": PoolSize(1), "100000": PoolSize(1e5)},
			[]string{"0", "-1", "100001", "many"}},
		"Timeout": {decoded[Timeout], map[string]any{
			"1": Timeout(time.Second), "5m": Timeout(5 * time.Minute),
		}, []string{"0", "301", "5000", "x", "999us"}},
		"Duration": {decoded[Duration], map[string]any{
			"3600": Duration(time.Hour), " 90m\n": Duration(90 * time.Minute),
			"1ms": Duration(time.Millisecond), "9223372036": Duration(9223372036 * time.Second),
		}, []string{"0", "-1", "10us", "1.5", "1d", "9223372037", "-9223372037", "18446744074"}},
		"Size": {decoded[Size], map[string]any{
			"1": Size(1), "64MiB": Size(64 << 20), " 64 mib ": Size(64 << 20),
			"64Mi": Size(64 << 20),
			"64MB": Size(64e6), "1kB": Size(1000), "1GiB": Size(1 << 30), "512b": Size(512),
			"9223372036854775807": Size(math.MaxInt64),
		}, []string{"0", "-1", "MiB", "1.5GiB", "1PiB", "1iB", "8388608TiB", "1 2"}},
		"Fraction": {decoded[Fraction], map[string]any{
			"0.1": Fraction(0.1), "10%": Fraction(0.1), " 50 % ": Fraction(0.5), "0": Fraction(0),
		}, []string{"1", "100%", "-0.1", "NaN", "inf", "10%%", "ten"}},
		"Host": {decoded[Host], map[string]any{
			" redis ": Host("redis"), "Redis.Example.COM": Host("redis.example.com"),
			"10.1.2.3": Host("10.1.2.3"), "::1": Host("::1"), "[::1]": Host("::1"),
			"fe80::1%eth0": Host("fe80::1%eth0"), "my_redis-1": Host("my_redis-1"),
			"/run/redis.sock": Host("/run/redis.sock"),
		}, []string{"redis:6379", "redis://h", "a b", "a,b", "u@h", "[::1", "::1]", "[redis]",
			"[10.1.2.3]", "h/1", ":"}},
		"Port": {decoded[Port], map[string]any{
			"6379": Port{Number: 6379}, " 65535\n": Port{Number: 65535},
			"tcp://10.0.0.11:6380": Port{6380, "10.0.0.11"},
			"tcp://[fd00::1]:6379": Port{6379, "fd00::1"},
		}, []string{"0", "65536", "-1", "x", "tcp://", "tcp://10.0.0.11", "tcp://10.0.0.11:0",
			"udp://10.0.0.11:6379"}},
		"Addrs": {decoded[Addrs], map[string]any{
			"a:1":             Addrs{"a:1"},
			" a:1, B:2 ,\n":   Addrs{"a:1", "b:2"},
			"[::1]:6379 c:03": Addrs{"[::1]:6379", "c:3"},
		}, []string{"a", "a:1,b", "::1:6379", ",", "redis://u:p@a:1", ":1", "a:1,:2", "/s:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for s, want := range tt.good {
				if got, err := tt.decode(s); err != nil || !cmp.Equal(got, want) {
					t.Errorf("%q is %#v, %v, want %#v", s, got, err, want)
				}
			}
			for _, s := range tt.bad {
				got, err := tt.decode(s)
				if _, ok := err.(Takes); !ok {
					t.Errorf("%q is %#v, %v, want a Takes", s, got, err)
				}
			}
		})
	}
}

type inner struct {
	Flag *Bool `env:"FLAG"`
}

type sample struct {
	Host  *Host  `env:"HOST"`
	Port  *Port  `env:"PORT"`
	Addrs *Addrs `env:"ADDRS"`
	Text  *Text  `env:"TEXT"`
	Inner inner
}

func named(tag string) string { return "ENVTEST_" + tag }

func TestRead(t *testing.T) {
	for name, value := range map[string]string{
		"PORT": "tcp://h:1", "ADDRS": "a:1,b:2", "TEXT": " \n", "FLAG": "no",
	} {
		t.Setenv("ENVTEST_"+name, value)
	}
	var got sample
	if err := Read(&got, named); err != nil {
		t.Fatal(err)
	}
	want := sample{Port: &Port{1, "h"}, Addrs: &Addrs{"a:1", "b:2"}, Inner: inner{new(Bool)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of variables that are not set or blank must be nil: %s", diff)
	}
}

// The error names all bad variables, each on its own line, in the order of the struct.
func TestReadNamesAllBad(t *testing.T) {
	const secret = "hunter2://"
	for _, name := range []string{"HOST", "PORT", "ADDRS", "TEXT", "FLAG"} {
		t.Setenv("ENVTEST_"+name, secret)
	}
	err := Read(new(sample), named)
	lines := strings.Split(fmt.Sprint(err), "\n")
	want := []string{"HOST", "PORT", "ADDRS", "FLAG"}
	if len(lines) != len(want) {
		t.Fatalf("%v has %d lines, want %d", err, len(lines), len(want))
	}
	for i, name := range want {
		if !strings.HasPrefix(lines[i], "ENVTEST_"+name+" takes ") {
			t.Errorf("line %d is %q, want one of %s", i, lines[i], name)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v shows a value", err)
	}
}

// talkative is a Decoder whose error shows the value.
type talkative string

func (*talkative) EnvDecode(s string) error { return fmt.Errorf("bad %s", s) }

func TestReadShowsNoForeignError(t *testing.T) {
	t.Setenv("ENVTEST_LOUD", "hunter2")
	for name, target := range map[string]any{
		"a Decoder that shows it": &struct {
			Loud *talkative `env:"LOUD"`
		}{},
		"no Decoder": &struct {
			Loud *int `env:"LOUD"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			err := Read(target, named)
			if err == nil || !strings.HasPrefix(err.Error(), "ENVTEST_LOUD ") ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Read = %v", err)
			}
		})
	}
}

func TestPortIsOf(t *testing.T) {
	injected := Port{6379, "10.0.0.11"}
	for host, want := range map[string]bool{
		"10.0.0.11": true, "redis": true, "redis.": true, "redis.shop": true,
		"redis.shop.svc": true, "redis.shop.svc.cluster.local": true,
		"10.0.0.1": false, "localhost": false, "redis-2": false, "my.redis": false,
		"redis.example.com": false, "redis.eu.example.com": false,
	} {
		if got := injected.IsOf(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
