package codec_test

import (
	"encoding/json"
	"testing"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/internal/tweets"
)

// tweet has the fields of a tweet that programs usually read.
type tweet struct {
	ID        int64  `json:"id"`
	IDText    string `json:"id_str"`
	Text      string `json:"text"`
	CreatedAt string `json:"created_at"`
	Lang      string `json:"lang"`
	Source    string `json:"source"`
	Retweets  int    `json:"retweet_count"`
	Likes     int    `json:"favorite_count"`
	Liked     bool   `json:"favorited"`
	ReplyTo   *int64 `json:"in_reply_to_status_id"`
	User      struct {
		ID          int64  `json:"id"`
		Name        string `json:"name"`
		Screen      string `json:"screen_name"`
		Location    string `json:"location"`
		Description string `json:"description"`
		Followers   int    `json:"followers_count"`
		Image       string `json:"profile_image_url"`
		Created     string `json:"created_at"`
		Verified    bool   `json:"verified"`
	} `json:"user"`
	Entities struct {
		Hashtags []struct {
			Text    string `json:"text"`
			Indices []int  `json:"indices"`
		} `json:"hashtags"`
		Mentions []struct {
			ID     int64  `json:"id"`
			Screen string `json:"screen_name"`
		} `json:"user_mentions"`
		URLs []struct {
			URL string `json:"url"`
		} `json:"urls"`
	} `json:"entities"`
	Retweeted *tweet `json:"retweeted_status,omitempty"`
}

// BenchmarkSetFields compares setting one field with decoding and encoding the whole value.
func BenchmarkSetFields(b *testing.B) {
	document := tweets.Of(b, 2500)
	var t tweet
	if err := json.Unmarshal(document, &t); err != nil {
		b.Fatal(err)
	}
	run := func(name string, c interface {
		codec.Codec[tweet]
		codec.FieldSetter
	}, data []byte) {
		b.Run(name+"/decode and encode", func(b *testing.B) {
			for b.Loop() {
				v, err := c.Decode(data)
				if err != nil {
					b.Fatal(err)
				}
				v.Likes++
				if _, err := c.Encode(v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/SetFields", func(b *testing.B) {
			for b.Loop() {
				if _, err := c.SetFields(data, map[string]any{"favorite_count": 5}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("JSON", codec.JSON[tweet]{}, document)
	packed, err := codec.MsgPack[tweet]{JSONTags: true}.Encode(t)
	if err != nil {
		b.Fatal(err)
	}
	run("MsgPack", codec.MsgPack[tweet]{JSONTags: true}, packed)
}
