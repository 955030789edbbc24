package realdata

import "reflect"

// Tweet is a status of the Twitter search API. It is nested, with text in many scripts, ids beyond
// 2^53 and optional fields. It has the fields of [testpb.Tweet].
type Tweet struct {
	ID int64 `json:"id" msgpack:"id"`
	// in the format time.RubyDate
	CreatedAt     string `json:"created_at" msgpack:"created_at"`
	Text          string `json:"text" msgpack:"text"`
	Source        string `json:"source" msgpack:"source"`
	Lang          string `json:"lang" msgpack:"lang"`
	Truncated     bool   `json:"truncated" msgpack:"truncated"`
	RetweetCount  int64  `json:"retweet_count" msgpack:"retweet_count"`
	FavoriteCount int64  `json:"favorite_count" msgpack:"favorite_count"`

	Sensitive *bool `json:"possibly_sensitive,omitempty" msgpack:"possibly_sensitive,omitempty"`

	InReplyToStatusID   *int64   `json:"in_reply_to_status_id" msgpack:"in_reply_to_status_id"`
	InReplyToUserID     *int64   `json:"in_reply_to_user_id" msgpack:"in_reply_to_user_id"`
	InReplyToScreenName *string  `json:"in_reply_to_screen_name" msgpack:"in_reply_to_screen_name"`
	User                Author   `json:"user" msgpack:"user"`
	Entities            Entities `json:"entities" msgpack:"entities"`

	RetweetedStatus *Tweet `json:"retweeted_status,omitempty" msgpack:"retweeted_status,omitempty"`
}

// Author is the author of a tweet.
type Author struct {
	ID              int64   `json:"id" msgpack:"id"`
	Name            string  `json:"name" msgpack:"name"`
	ScreenName      string  `json:"screen_name" msgpack:"screen_name"`
	Location        string  `json:"location" msgpack:"location"`
	Description     string  `json:"description" msgpack:"description"`
	URL             *string `json:"url" msgpack:"url"`
	CreatedAt       string  `json:"created_at" msgpack:"created_at"`
	Lang            string  `json:"lang" msgpack:"lang"`
	TimeZone        *string `json:"time_zone" msgpack:"time_zone"`
	UTCOffset       *int32  `json:"utc_offset" msgpack:"utc_offset"`
	FollowersCount  int64   `json:"followers_count" msgpack:"followers_count"`
	FriendsCount    int64   `json:"friends_count" msgpack:"friends_count"`
	StatusesCount   int64   `json:"statuses_count" msgpack:"statuses_count"`
	Protected       bool    `json:"protected" msgpack:"protected"`
	Verified        bool    `json:"verified" msgpack:"verified"`
	ProfileImageURL string  `json:"profile_image_url_https" msgpack:"profile_image_url_https"`
}

// Entities are the hashtags, links and mentions in the text of a tweet, with their positions.
type Entities struct {
	Hashtags     []Hashtag `json:"hashtags" msgpack:"hashtags"`
	URLs         []Link    `json:"urls" msgpack:"urls"`
	UserMentions []Mention `json:"user_mentions" msgpack:"user_mentions"`
}

// Hashtag is one of the [Entities].
type Hashtag struct {
	Text    string  `json:"text" msgpack:"text"`
	Indices []int32 `json:"indices" msgpack:"indices"`
}

// Link is one of the [Entities].
type Link struct {
	URL         string  `json:"url" msgpack:"url"`
	ExpandedURL string  `json:"expanded_url" msgpack:"expanded_url"`
	DisplayURL  string  `json:"display_url" msgpack:"display_url"`
	Indices     []int32 `json:"indices" msgpack:"indices"`
}

// Mention is one of the [Entities].
type Mention struct {
	ID         int64   `json:"id" msgpack:"id"`
	Name       string  `json:"name" msgpack:"name"`
	ScreenName string  `json:"screen_name" msgpack:"screen_name"`
	Indices    []int32 `json:"indices" msgpack:"indices"`
}

// Equal reports whether two tweets are the same in every field.
func (t Tweet) Equal(o Tweet) bool { return reflect.DeepEqual(t, o) }
