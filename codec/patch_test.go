package codec_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/internal/tweets"
	"github.com/activettl/rediscache/codec/seal"
)

// TestPatchOfTweets applies the body of a PATCH request to real tweets, with each codec and
// wrapper. The named fields must change. Everything else must stay, also fields that the struct
// lacks.
func TestPatchOfTweets(t *testing.T) {
	body := `{"favorite_count":12,"lang":"de","user.name":"Ann \u00e9","user.verified":true,
		"entities.urls":[{"url":"https://example.org"}],"in_reply_to_status_id":null}`
	var patch map[string]any
	if err := json.Unmarshal([]byte(body), &patch); err != nil {
		t.Fatal(err)
	}
	j := codec.Codec[tweet](codec.JSON[tweet]{})
	for name, c := range map[string]codec.Codec[tweet]{
		"JSON": j, "S2": compress.S2(j, nil), "Zstd": compress.Zstd(j, nil),
		"seal":         seal.New(j, aead(t), nil),
		"seal of Zstd": seal.New(compress.Zstd(j, nil), aead(t), nil),
		"Migrate":      codec.Migrate(codec.Version(1, compress.S2(j, nil)), codec.Version(0, j)),
	} {
		for _, document := range tweets.Load(t) {
			const key = "tweets:1"
			data, whole := document, map[string]any{}
			if name != "JSON" {
				data = wrapped(t, c, key, document)
			}
			out, err := codec.SetFieldsFor(c, key, data, patch)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := map[string]any{}
			if err := json.Unmarshal(document, &want); err != nil {
				t.Fatal(err)
			}
			want["favorite_count"], want["lang"] = 12.0, "de"
			want["in_reply_to_status_id"] = nil
			user := want["user"].(map[string]any)
			user["name"], user["verified"] = "Ann é", true
			urls := []any{map[string]any{"url": "https://example.org"}}
			want["entities"].(map[string]any)["urls"] = urls
			if err := json.Unmarshal(plain(t, c, key, out), &whole); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(whole, want) {
				t.Fatalf("%s: got %v\nwant %v", name, whole, want)
			}
		}
	}
}

// wrapped returns a document as a wrapper around JSON keeps it, also with fields that a tweet
// lacks.
func wrapped(t *testing.T, c codec.Codec[tweet], key string, document []byte) []byte {
	t.Helper()
	switch w := c.(type) {
	case interface {
		Apply(dst, data []byte, key string) ([]byte, error)
		Unwrap() codec.Codec[tweet]
	}:
		if _, inner := w.Unwrap().(codec.Unwrapper[tweet]); inner {
			document = wrapped(t, w.Unwrap(), key, document)
		}
		data, err := w.Apply(nil, document, key)
		if err != nil {
			t.Fatal(err)
		}
		return data
	case codec.Unwrapper[tweet]: // a migration
		return append([]byte{0xc1, 0x20, 1}, wrapped(t, w.Unwrap(), key, document)...)
	}
	t.Fatalf("%T wraps nothing", c)
	return nil
}

// plain is the reverse of wrapped.
func plain(t *testing.T, c codec.Codec[tweet], key string, data []byte) []byte {
	t.Helper()
	switch w := c.(type) {
	case interface {
		Undo(dst, data []byte, key string) ([]byte, error)
		Unwrap() codec.Codec[tweet]
	}:
		data, err := w.Undo(nil, data, key)
		if err != nil {
			t.Fatal(err)
		}
		return plain(t, w.Unwrap(), key, data)
	case codec.Unwrapper[tweet]:
		return plain(t, w.Unwrap(), key, data[3:])
	}
	return data
}
