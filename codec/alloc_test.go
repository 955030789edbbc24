package codec_test

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// overhead is a call of a codec, and the library call that it makes.
type overhead struct {
	name          string
	codec, direct func() error
}

func overheads(tb testing.TB) []overhead {
	u, m := ann(), annProto()
	document, err := json.Marshal(u)
	if err != nil {
		tb.Fatal(err)
	}
	packed, err := msgpack.Marshal(u)
	if err != nil {
		tb.Fatal(err)
	}
	wire, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return []overhead{
		{"JSON encode",
			func() error { _, err := codec.JSON[User]{}.Encode(u); return err },
			func() error { _, err := json.Marshal(u); return err }},
		{"JSON encode pointer",
			func() error { _, err := codec.JSON[*User]{}.Encode(&u); return err },
			func() error { _, err := json.Marshal(&u); return err }},
		{"JSON encode map",
			func() error { _, err := codec.JSON[map[string]string]{}.Encode(u.Labels); return err },
			func() error { _, err := json.Marshal(u.Labels); return err }},
		{"JSON decode",
			func() error { _, err := codec.JSON[User]{}.Decode(document); return err },
			func() error { var v User; return json.Unmarshal(document, &v) }},
		{"MsgPack encode",
			func() error { _, err := codec.MsgPack[User]{}.Encode(u); return err },
			func() error { _, err := msgpack.Marshal(u); return err }},
		{"MsgPack decode",
			func() error { _, err := codec.MsgPack[User]{}.Decode(packed); return err },
			func() error { var v User; return msgpack.Unmarshal(packed, &v) }},
		{"Proto encode",
			func() error { _, err := codec.Proto[*testpb.User]{}.Encode(m); return err },
			func() error { _, err := proto.Marshal(m); return err }},
		{"Proto decode",
			func() error { _, err := codec.Proto[*testpb.User]{}.Decode(wire); return err },
			func() error { return proto.Unmarshal(wire, &testpb.User{}) }},
	}
}

func TestNoAllocationsAdded(t *testing.T) {
	if raceEnabled() {
		t.Skip("SKIPPED: the race detector makes sync.Pool forget at random")
	}
	// A garbage collection would empty the pools of all libraries.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, o := range overheads(t) {
		t.Run(o.name, func(t *testing.T) {
			count := func(call func() error) float64 {
				return testing.AllocsPerRun(200, func() {
					if err := call(); err != nil {
						t.Fatal(err)
					}
				})
			}
			direct, ours := count(o.direct), count(o.codec)
			t.Logf("codec %v, library %v allocations", ours, direct)
			if ours > direct {
				t.Errorf("%v allocations, %v without the codec", ours, direct)
			}
		})
	}
}

// raceEnabled asks the build settings, since the standard library has no function for it.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}

func BenchmarkOverhead(b *testing.B) {
	for _, o := range overheads(b) {
		for _, side := range []struct {
			name string
			call func() error
		}{{"codec", o.codec}, {"library", o.direct}} {
			b.Run(strings.ReplaceAll(o.name, " ", "_")+"/"+side.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := side.call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
