package compress_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/internal/tweets"
)

func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		for _, o := range []*compress.Options{
			nil, {Min: 1}, {Framed: true}, {Min: 1, Framed: true},
		} {
			for _, inner := range []codec.Codec[[]byte]{raw{}, bare{}} {
				c := m.make(inner, o)
				for n := 0; n < 3000; n += 1 + n/16 {
					roundTrip(t, c, words(n))
					roundTrip(t, c, noise(n))
					roundTrip(t, c, make([]byte, n))
				}
				if o != nil {
					continue
				}
				for _, n := range []int{128 << 10, 128<<10 + 1, 1 << 20, 5 << 20} {
					roundTrip(t, c, words(n))
					roundTrip(t, c, noise(n))
					roundTrip(t, c, make([]byte, n))
				}
			}
		}
	})
}

func TestTweets(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		c := m.make(bare{}, nil)
		var before, after int
		for _, tweet := range tweets.Load(t) {
			before += len(tweet)
			after += len(roundTrip(t, c, tweet))
		}
		t.Logf("%d bytes shrink to %d: %.0f %%", before, after, 100*float64(after)/float64(before))
		if after > before/2 {
			t.Errorf("%d bytes shrink to %d only", before, after)
		}
	})
}

// TestFirstBytesInRedis checks the first two bytes of records.
func TestFirstBytesInRedis(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		packed := string([]byte{0xc1, m.kind})
		const framed = "\xc1\x00"
		for _, tt := range []struct {
			name  string
			inner codec.Codec[[]byte]
			o     *compress.Options
			value []byte
			want  string // "" means unchanged
		}{
			{"one byte below Min", bare{}, nil, words(1023), ""},
			{"Min", bare{}, nil, words(1024), packed},
			{"below a Min", bare{}, &compress.Options{Min: 100}, words(99), ""},
			{"a Min", bare{}, &compress.Options{Min: 100}, make([]byte, 100), packed},
			{"nothing", bare{}, &compress.Options{Min: 1}, nil, ""},
			{"noise", bare{}, nil, noise(4000), ""},
			{"0xC1 in spite of Unframed", bare{}, nil, []byte{0xc1, 0x01}, framed},
			{"another codec, small", raw{}, nil, words(10), framed},
			{"another codec, nothing", raw{}, nil, nil, framed},
			{"another codec, noise", raw{}, nil, noise(4000), framed},
			{"another codec", raw{}, nil, words(4000), packed},
			{"a wrapper that says nothing", veiled{bare{}}, nil, words(10), framed},
			{"compressed twice", compress.S2(bare{}, nil), nil, words(10), framed},
			{"Framed", bare{}, &compress.Options{Framed: true}, words(10), framed},
		} {
			t.Run(tt.name, func(t *testing.T) {
				c := m.make(tt.inner, tt.o)
				data := roundTrip(t, c, tt.value)
				if tt.want == "" {
					if !bytes.Equal(data, tt.value) {
						t.Errorf("the record starts with % x, want it as it is", data[:2])
					}
				} else if !bytes.HasPrefix(data, []byte(tt.want)) {
					t.Errorf("the record starts with % x, want % x", data[:2], tt.want)
				}
				dst, err := codec.AppendFor(c, "key", []byte("before"), tt.value)
				if err != nil || string(dst) != "before"+string(data) {
					t.Errorf("AppendFor gives %d bytes, %v, want 6 more than %d", len(dst), err,
						len(data))
				}
			})
		}
	})
}

// TestCompressesFromAnEighth tries values that shrink by about an eighth.
func TestCompressesFromAnEighth(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		c := m.make(bare{}, nil)
		var plain, packed int
		for zeros := 100; zeros < 400; zeros++ {
			v := append(noise(2000-zeros), make([]byte, zeros)...)
			data := roundTrip(t, c, v)
			if len(data) == len(v) {
				plain++
			} else if packed++; len(data) > len(v)-len(v)/8 {
				t.Errorf("%d bytes are compressed to %d", len(v), len(data))
			}
		}
		if plain == 0 || packed == 0 {
			t.Errorf("%d values stay as they are and %d are compressed", plain, packed)
		}
	})
}

func TestMax(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		for _, o := range []*compress.Options{nil, {Max: 5000}} {
			limit := 16 << 20
			if o != nil {
				limit = o.Max
			}
			c := m.make(raw{}, o)
			roundTrip(t, c, words(limit))
			if _, err := c.Encode(words(limit + 1)); err == nil ||
				!strings.Contains(err.Error(), "more than Options.Max") {
				t.Errorf("Encode of %d bytes gives %v", limit+1, err)
			}
			wide := m.make(raw{}, &compress.Options{Max: limit + 1})
			for _, v := range [][]byte{words(limit + 1), noise(limit + 1)} {
				for _, data := range [][]byte{encode(t, wide, v), append([]byte("n"), v[1:]...)} {
					if _, err := c.Decode(data); err == nil {
						t.Errorf("Decode gives %d bytes", limit+1)
					}
				}
			}
		}
	})
}

// TestEachReadsTheOther also reads the output of the libraries.
func TestEachReadsTheOther(t *testing.T) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, n := range []int{300, 1000, 5000, 300_000} {
		eachReadsTheOther(t, z, words(n))
	}
}

func eachReadsTheOther(t *testing.T, z *zstd.Encoder, v []byte) {
	for _, data := range [][]byte{
		encode(t, compress.S2(raw{}, nil), v),
		encode(t, compress.Zstd(raw{}, nil), v),
		append([]byte{0xc1, 1}, s2.EncodeBest(nil, v)...),
		append([]byte{0xc1, 1}, s2.EncodeSnappy(nil, v)...),
		append([]byte{0xc1, 2}, z.EncodeAll(v, nil)...),
		append([]byte{0xc1, 0}, v...),
		v,
	} {
		each(t, func(t *testing.T, m method) {
			if got, err := m.make(raw{}, nil).Decode(data); err != nil || !bytes.Equal(got, v) {
				t.Errorf("what starts with % x gives %d bytes, %v", data[:2], len(got), err)
			}
		})
	}
}

func TestFramedRefusesUnframed(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		c := m.make(bare{}, &compress.Options{Framed: true})
		for _, data := range []string{"", "value", string(words(4000))} {
			if _, err := c.Decode([]byte(data)); err == nil {
				t.Errorf("%d unframed bytes decode", len(data))
			}
		}
	})
}

// TestAbilities checks what Wrap promises.
func TestAbilities(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		c := m.make(bare{}, nil)
		if err := codec.Check(c); err != nil {
			t.Error(err)
		}
		if _, ok := codec.ClonerOf(c); !ok {
			t.Error("no Cloner")
		}
		data := encode(t, c, []byte(`{"a":1,"long":"`+strings.Repeat("long ", 1000)+`"}`))
		data, err := codec.SetFieldsFor(c, "key", data, map[string]any{"a": 2})
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.Decode(data)
		var got map[string]any
		if err != nil || json.Unmarshal(v, &got) != nil || got["a"] != 2.0 {
			t.Errorf("a is %v, %v", got["a"], err)
		}
	})
}

// TestDeep wraps a codec a hundred times.
func TestDeep(t *testing.T) {
	var c codec.Codec[[]byte] = bare{}
	for i := range 100 {
		c = methods[i%2].make(c, nil)
	}
	for _, n := range []int{0, 10, 1024, 100_000} {
		roundTrip(t, c, words(n))
		roundTrip(t, c, make([]byte, n))
	}
	if err := codec.Check(c); err != nil {
		t.Error(err)
	}
}

func TestManyGoroutines(t *testing.T) {
	each(t, func(t *testing.T, m method) {
		c := m.make(raw{}, &compress.Options{Min: 1})
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for n := range 200 {
					v := words(g*100 + n*7)
					data, err := c.Encode(v)
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := c.Decode(data); err != nil || !bytes.Equal(got, v) {
						t.Errorf("%d bytes come back as %d bytes, %v", len(v), len(got), err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}
