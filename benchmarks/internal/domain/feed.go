package domain

import "time"

// Feed is the first page of posts of a user of a social network.
type Feed struct {
	UserID     int64     `json:"user_id" msgpack:"user_id"`
	BuiltAt    time.Time `json:"built_at" msgpack:"built_at"`
	Posts      []Post    `json:"posts" msgpack:"posts"`
	NextCursor string    `json:"next_cursor" msgpack:"next_cursor"`
}

// Post is an entry of a Feed.
type Post struct {
	ID       int64     `json:"id" msgpack:"id"`
	Author   Author    `json:"author" msgpack:"author"`
	Text     string    `json:"text" msgpack:"text"`
	Lang     string    `json:"lang" msgpack:"lang"`
	Tags     []string  `json:"tags" msgpack:"tags"`
	Media    []Media   `json:"media,omitempty" msgpack:"media,omitempty"`
	Likes    int64     `json:"likes" msgpack:"likes"`
	Reposts  int64     `json:"reposts" msgpack:"reposts"`
	Replies  int64     `json:"replies" msgpack:"replies"`
	ReplyTo  *int64    `json:"reply_to,omitempty" msgpack:"reply_to,omitempty"`
	Liked    bool      `json:"liked" msgpack:"liked"`
	PostedAt time.Time `json:"posted_at" msgpack:"posted_at"`
}

// Author is the author of a Post.
type Author struct {
	ID        int64  `json:"id" msgpack:"id"`
	Handle    string `json:"handle" msgpack:"handle"`
	Name      string `json:"name" msgpack:"name"`
	AvatarURL string `json:"avatar_url" msgpack:"avatar_url"`
	Verified  bool   `json:"verified" msgpack:"verified"`
}

// Media is a picture or a video in a Post.
type Media struct {
	Kind   string `json:"kind" msgpack:"kind"`
	URL    string `json:"url" msgpack:"url"`
	Width  int32  `json:"width" msgpack:"width"`
	Height int32  `json:"height" msgpack:"height"`
	Alt    string `json:"alt" msgpack:"alt"`
}

// Feeds returns n feeds.
func Feeds(n int, seed uint64) []Feed { return generate(n, seed, source.feed) }

func (s source) feed() Feed {
	f := Feed{UserID: 1_000_000 + s.Int64N(90_000_000), BuiltAt: s.time(), NextCursor: s.hex(12)}
	for range 12 + s.IntN(9) {
		f.Posts = append(f.Posts, s.post(f.BuiltAt))
	}
	return f
}

func (s source) post(before time.Time) Post {
	first, last := pick(s, firstNames), pick(s, lastNames)
	p := Post{
		ID: s.snowflake(),
		Author: Author{
			ID: 1_000_000 + s.Int64N(90_000_000), Handle: s.handle(first, last), Name: first + " " +
				last,
			AvatarURL: "https://cdn.example.com/avatars/" + s.hex(16) +
				".webp", Verified: s.chance(0.2),
		},
		Text:    s.text(1 + s.IntN(3)),
		Lang:    pick(s, []string{"en", "en", "en", "de", "ja", "pt"}),
		Tags:    s.some(tags, s.IntN(4)),
		Likes:   s.Int64N(900),
		Reposts: s.Int64N(200),
		Replies: s.Int64N(60),
		Liked:   s.chance(0.25),
		PostedAt: before.Add(-time.Duration(s.Int64N(int64(48 * time.Hour)))).Truncate(
			time.Millisecond),
	}
	for range s.IntN(3) {
		p.Media = append(p.Media, Media{
			Kind: pick(s,
				[]string{"photo", "photo", "video"}), URL: "https://cdn.example.com/media/" +
				s.hex(14) + ".jpg", Width: 1280, Height: 720, Alt: s.sentence(),
		})
	}
	if s.chance(0.3) {
		id := s.snowflake()
		p.ReplyTo = &id
	}
	return p
}
