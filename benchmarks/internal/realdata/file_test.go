package realdata_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/activettl/rediscache/benchmarks/internal/realdata"
)

func TestTweets(t *testing.T) {
	f := load(t, realdata.Twitter)
	if len(f.Tweets) != 100 || len(f.TweetPBs) != 100 || f.Events != nil || f.EventPBs != nil ||
		f.Records != nil {
		t.Fatalf("%d tweets, %d messages, want 100 and nothing else", len(f.Tweets),
			len(f.TweetPBs))
	}
	var raw struct {
		Statuses []struct {
			ID      string           `json:"id_str"`
			ReplyTo *string          `json:"in_reply_to_status_id_str"`
			Retweet *json.RawMessage `json:"retweeted_status"`
		}
	}
	unmarshalFile(t, f.Path, &raw)
	replies, retweets, big := 0, 0, 0
	for _, s := range raw.Statuses {
		id, err := strconv.ParseInt(s.ID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		tweet, ok := f.Tweets[id]
		if !ok || f.TweetPBs[id].GetId() != id {
			t.Fatalf("no tweet %d", id)
		}
		if id > 1<<53 {
			big++
		}
		if (s.ReplyTo == nil) != (tweet.InReplyToStatusID == nil) || s.ReplyTo != nil &&
			strconv.FormatInt(*tweet.InReplyToStatusID, 10) != *s.ReplyTo {
			t.Errorf("tweet %d: wrong in_reply_to_status_id", id)
		}
		if (s.Retweet == nil) != (tweet.RetweetedStatus == nil) {
			t.Errorf("tweet %d: wrong retweeted_status", id)
		}
		if s.ReplyTo != nil {
			replies++
		}
		if s.Retweet != nil {
			retweets++
		}
	}
	if big != 100 || replies == 0 || retweets == 0 {
		t.Errorf("%d ids beyond 2^53, %d replies, %d retweets: not the file that this "+
			"package is for", big, replies, retweets)
	}
	// The structs and the messages have the same fields: the JSON of one decodes to the other.
	for id, tweet := range f.Tweets {
		data, err := protojson.MarshalOptions{UseProtoNames: true,
			EmitUnpopulated: true}.Marshal(f.TweetPBs[id])
		if err != nil {
			t.Fatal(err)
		}
		var back realdata.Tweet
		if err := json.Unmarshal(unquoteInts(data), &back); err != nil {
			t.Fatal(err)
		}
		if !back.Equal(tweet) {
			t.Errorf("tweet %d:\nstruct  %+v\nmessage %+v", id, tweet, back)
		}
	}
}

func TestEvents(t *testing.T) {
	f := load(t, realdata.GitHubEvents)
	if len(f.Events) != 30 || len(f.EventPBs) != 30 || f.Tweets != nil || f.TweetPBs != nil ||
		f.Records != nil {
		t.Fatalf("%d events, %d messages, want 30 and nothing else", len(f.Events), len(f.EventPBs))
	}
	orgs, types := 0, map[string]bool{}
	for id, e := range f.Events {
		data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(f.EventPBs[id])
		if err != nil {
			t.Fatal(err)
		}
		var back realdata.Event
		if err := json.Unmarshal(unquoteInts(data), &back); err != nil {
			t.Fatal(err)
		}
		if !back.Equal(e) || e.CreatedAt.IsZero() || len(e.Payload) == 0 {
			t.Errorf("event %s:\nstruct  %+v\nmessage %+v", id, e, back)
		}
		if e.Org != nil {
			orgs++
		}
		types[e.Type] = true
	}
	if orgs == 0 || orgs == 30 || len(types) < 5 {
		t.Errorf("%d events with an organization, types %v: not the file that this package is for",
			orgs, types)
	}
}

// unquoteInts removes the quotes that protojson puts around an int64: ids and counts.
func unquoteInts(data []byte) []byte {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		panic(err)
	}
	data, err := json.Marshal(unquoted("", v))
	if err != nil {
		panic(err)
	}
	return data
}

func unquoted(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, member := range v {
			if key == "payload" {
				out[key] = member
			} else if isEvent := v["payload"] != nil; isEvent && key == "id" {
				out[key] = member
			} else {
				out[key] = unquoted(key, member)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = unquoted(name, v[i])
		}
	case string:
		if name == "id" || strings.HasSuffix(name, "_id") && name != "gravatar_id" ||
			strings.HasSuffix(name, "_count") {
			return json.Number(v)
		}
	}
	return v
}

func unmarshalFile(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOtherFiles(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[string]realdata.Record
	}{
		{"by index", `[{"a":1},{"a":2}]`,
			map[string]realdata.Record{"0": {"a": json.Number("1")}, "1": {"a": json.Number("2")}}},
		{"by text id", `[{"id":"x"},{"id":"y"}]`,
			map[string]realdata.Record{"x": {"id": "x"}, "y": {"id": "y"}}},
		{"by number id", ` [ {"id":9007199254740993} ] `,
			map[string]realdata.Record{
				"9007199254740993": {"id": json.Number("9007199254740993")}}},
		{"id twice", `[{"id":"x"},{"id":"x"}]`,
			map[string]realdata.Record{"0": {"id": "x"}, "1": {"id": "x"}}},
		{"id missing", `[{"id":"x"},{}]`, map[string]realdata.Record{"0": {"id": "x"}, "1": {}}},
		{"empty id", `[{"id":""}]`, map[string]realdata.Record{"0": {"id": ""}}},
		{"long id", `[{"id":"` + strings.Repeat("x", 1025) + `"}]`,
			map[string]realdata.Record{"0": {"id": strings.Repeat("x", 1025)}}},
		{"in an object", `{"n":3, "none":[], "names":["a"], "list": [{"a":null}]}`,
			map[string]realdata.Record{"0": {"a": nil}}},
		{"exact", `[{"pi":3.14159265358979323846264338327950288, "deep":[{"n":1.0}]}]`,
			map[string]realdata.Record{"0": {
				"pi":   json.Number("3.14159265358979323846264338327950288"),
				"deep": []any{map[string]any{"n": json.Number("1.0")}},
			}}},
		{"not all are tweets",
			`[{"id":1,"created_at":"","text":"","lang":"","user":{},"entities":{},` +
				`"retweet_count":0},{"id":2}]`, map[string]realdata.Record{
				"1": {"id": json.Number("1"), "created_at": "", "text": "", "lang": "",
					"user": map[string]any{}, "entities": map[string]any{},
					"retweet_count": json.Number("0")},
				"2": {"id": json.Number("2")},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := realdata.Load(write(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Records) != len(tt.want) || f.Tweets != nil || f.Events != nil {
				t.Fatalf("got %+v, want %+v", f, tt.want)
			}
			for key, want := range tt.want {
				if got := f.Records[key]; got == nil || !got.Equal(want) {
					t.Errorf("record %q is %v, want %v", key, got, want)
				}
			}
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	tweet := `{"id":1,"created_at":"","text":"","lang":"","user":{},"entities":{},` +
		`"retweet_count":0}`
	tests := []struct {
		name, text, want string
	}{
		{"empty", " \n", "the file is empty: expected a JSON array of objects"},
		{"not JSON", "hello", "not JSON (invalid character 'h'"},
		{"cut off", `[{"a":1}`, "not JSON (unexpected end of JSON input)"},
		{"two values", `[{}] [{}]`, "not JSON (invalid character '['"},
		{"number", "12", "the file is a number: expected"},
		{"null", "null", "the file is null: expected"},
		{"empty array", "[]", "the array is empty: expected"},
		{"array of arrays", "[{},[1]]", "element 1 of the array is an array: expected"},
		{"no array", `{"a":{}}`, "the object holds no array of objects: expected"},
		{"no objects", `{"a":[1]}`, "the object holds no array of objects: expected"},
		{"two arrays", `{"b":[{}],"a":[{}],"c":[]}`, "the object holds 2 arrays (a, b): expected"},
		{"empty array inside", `{"statuses":[]}`, `the array "statuses" is empty: expected`},
		{"mixed array inside", `{"a":[{}, null]}`, `element 1 of the array "a" is null: expected`},
		{"bad tweet", "[" + strings.Replace(tweet, `"id":1`, `"id":"x"`, 1) + "]",
			"record 0 looks like a realdata.Tweet but does not decode as one"},
		{"tweet too big", "[" + strings.Replace(tweet, `"id":1`, `"id":9223372036854775808`, 1) +
			"]", "record 0 looks like a realdata.Tweet but does not decode as one"},
		{"tweet twice", "[" + tweet + "," + tweet + "]",
			"record 1 has the id 1 of an earlier record"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			f, err := realdata.Load(path)
			if f != nil || err == nil || !strings.HasPrefix(err.Error(), path+": ") ||
				!strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want an error with the path and %q", f, err, tt.want)
			}
		})
	}
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "none.json"),
		"directory": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			if _, err := realdata.Load(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with the path %s", err, path)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`[{"id":1}]`)
	f.Add(`{"a":[{"id":"x"}]}`)
	f.Add(
		`[{"id":1,"created_at":"","text":"","lang":"","user":{},"entities":{},"retweet_count":0}]`)
	f.Add(
		`[{"id":"1","created_at":"2013-01-10T07:58:30Z","type":"","actor":{},"repo":{},"payload":{}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := realdata.Load(write(t, text))
		if err == nil && len(file.Tweets)+len(file.Events)+len(file.Records) == 0 {
			t.Errorf("%q: neither records nor an error", text)
		}
	})
}
