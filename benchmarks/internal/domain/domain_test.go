package domain

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/benchmarks/internal/domainpb"
)

func TestRecords(t *testing.T) {
	t.Run("Profile", func(t *testing.T) { check[*domainpb.Profile](t, Profiles, 300, 900) })
	t.Run("Session", func(t *testing.T) { check[*domainpb.Session](t, Sessions, 250, 600) })
	t.Run("Product", func(t *testing.T) { check[*domainpb.Product](t, Products, 700, 2500) })
	t.Run("Feed", func(t *testing.T) { check[*domainpb.Feed](t, Feeds, 5000, 15000) })
}

// check generates records. They must keep the promises of the package comment, and have the size in
// JSON that such records usually have.
func check[M proto.Message, V any](t *testing.T, generate func(int, uint64) []V, least, most int) {
	const n = 50
	records := generate(n, 1)
	if again := generate(2*n, 1)[:n]; !reflect.DeepEqual(records, again) {
		t.Error("the same seed gives other records")
	}
	if other := generate(n, 2); reflect.DeepEqual(records, other) {
		t.Error("another seed gives the same records")
	}
	messages, err := Messages[M](records)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, m := range messages {
		data, err := json.Marshal(records[i])
		if err != nil {
			t.Fatal(err)
		}
		total += len(data)
		back, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var v V
		if err := json.Unmarshal(unquoteInts(back), &v); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(v); !slices.Equal(again, data) {
			t.Fatalf("record %d: the message says\n%s\nthe struct\n%s", i, again, data)
		}
	}
	if mean := total / n; mean < least || mean > most {
		t.Errorf("%d bytes of JSON a record, want %d to %d", mean, least, most)
	}
}

// unquoteInts removes the quotes that protojson puts around an int64, in the fields that are int64
// in a record.
func unquoteInts(data []byte) []byte {
	fields := regexp.MustCompile(
		`"(id|user_id|visits|price_cents|likes|reposts|replies|reply_to)": *"(\d+)"`)
	data = fields.ReplaceAll(data, []byte(`"$1":$2`))
	cart := regexp.MustCompile(`"cart": *\[[^\]]*\]`)
	return cart.ReplaceAllFunc(data, func(list []byte) []byte {
		return regexp.MustCompile(`"(\d+)"`).ReplaceAll(list, []byte("$1"))
	})
}

func TestIDsOfPosts(t *testing.T) {
	for _, f := range Feeds(10, 1) {
		for _, p := range f.Posts {
			if p.ID <= 1<<53 {
				t.Errorf("id %d: want one that a float64 does not hold", p.ID)
			}
		}
	}
}

func TestMessagesRefuse(t *testing.T) {
	if _, err := Messages[*domainpb.Session]([]map[string]int{{"requests": 1},
		{"nothing": 1}}); err == nil {
		t.Error("no error for a field that the message does not have")
	}
}
