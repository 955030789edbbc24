package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
)

// person is the value of the tests, in every form.
type person struct {
	Name string `json:"name" msgpack:"name"`
	Age  int    `json:"age" msgpack:"age"`
}

var ann = person{"Ann", 31}

const (
	annJSON  = `{"name":"Ann","age":31}`
	annShown = "{\n  \"name\": \"Ann\",\n  \"age\": 31\n}\n"
)

// secret is a key of package seal.
var secret = []byte("0123456789abcdef0123456789abcdef")

func keyring(t *testing.T, id uint32) seal.AEAD {
	t.Helper()
	block, err := aes.NewCipher(secret)
	must(t, err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	must(t, err)
	keys, err := seal.Keys(id, map[uint32]cipher.AEAD{id: gcm})
	must(t, err)
	return keys
}

// file writes a file and returns its name.
func file(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(data), 0o600))
	return path
}

func keyFile(t *testing.T, id uint32) string {
	return file(t, fmt.Sprintf("# keys\n\n%d aes-gcm %s\n", id, hex.EncodeToString(secret)))
}

// encoded returns ann under a key in Redis, as a codec writes it.
func encoded(t *testing.T, c codec.Codec[person], key string) string {
	t.Helper()
	data, err := codec.EncodeFor(c, key, ann)
	must(t, err)
	return string(data)
}

// descriptors is the descriptor set of a message, as protoc writes it.
func descriptors(t *testing.T, m proto.Message) string {
	t.Helper()
	var set descriptorpb.FileDescriptorSet
	seen := map[string]bool{}
	var add func(fd protoreflect.FileDescriptor)
	add = func(fd protoreflect.FileDescriptor) {
		if seen[fd.Path()] {
			return
		}
		seen[fd.Path()] = true
		for i := range fd.Imports().Len() {
			add(fd.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(fd))
	}
	add(m.ProtoReflect().Descriptor().ParentFile())
	data, err := proto.Marshal(&set)
	must(t, err)
	return file(t, string(data))
}

func TestGet(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	key := name + ":k"
	json := codec.JSON[person]{}
	every := &compress.Options{Min: 1, Framed: true}
	user, err := proto.Marshal(&testpb.User{Id: 7, Name: "Ann", Role: testpb.Role_ROLE_ADMIN})
	must(t, err)
	message := []string{"-descriptor", descriptors(t, &testpb.User{}), "-message",
		"rediscache.test.User"}
	tests := []struct {
		name, stored string
		flags        []string
		text         string
		json         string // after the cache and the key
	}{
		{"JSON", annJSON, nil, annShown,
			`"form":"json","layers":[],"bytes":23,"value":{"name":"Ann","age":31}`},
		{"exact numbers", `{"n":12345678901234567890.10}`, nil,
			"{\n  \"n\": 12345678901234567890.10\n}\n",
			`"form":"json","layers":[],"bytes":29,"value":{"n":12345678901234567890.10}`},
		{"JSON with control characters", "\"\u009b31m\x7f\u202e😀\xff\"", nil,
			`"\u009b31m\u007f\u202e😀\ufffd"` + "\n", `"form":"json","layers":[],"bytes":16,` +
				`"value":"\u009b31m\u007f\u202e😀\ufffd"`},
		{"text", "hello\nworld", nil, "hello\nworld\n",
			`"form":"text","layers":[],"bytes":11,"text":"hello\nworld"`},
		{"nothing", "", nil, "\n", `"form":"text","layers":[],"bytes":0,"text":""`},
		{"bytes", "\x1b[31m\xff", nil,
			"00000000  1b 5b 33 31 6d ff                                 |.[31m.|\n",
			`"form":"bytes","layers":[],"bytes":6,"base64":"G1szMW3/"`},
		{"JSON as text", annJSON, []string{"-as", "text"}, annJSON + "\n",
			`"form":"text","layers":[],"bytes":23,"text":"{\"name\":\"Ann\",\"age\":31}"`},
		{"control characters as text", "a\x1b[0m", []string{"-as", "text"}, `"a\x1b[0m"` + "\n",
			`"form":"text","layers":[],"bytes":5,"text":"a\u001b[0m"`},
		{"MessagePack", encoded(t, codec.MsgPack[person]{}, ""), nil, annShown,
			`"form":"msgpack","layers":[],"bytes":15,"value":{"name":"Ann","age":31}`},
		{"S2", encoded(t, compress.S2(json, every), ""), nil, annShown,
			`"form":"json","layers":["framed"],"bytes":25,"value":{"name":"Ann","age":31}`},
		{"version", encoded(t, codec.Migrate(codec.Version(300, codec.Codec[person](json))), ""),
			nil, annShown, `"form":"json","layers":["version 300"],"bytes":27,` +
				`"value":{"name":"Ann","age":31}`},
		{"sealed", encoded(t, seal.New(json, keyring(t, 7), nil), key),
			[]string{"-key-file", keyFile(t, 7)}, annShown, `"form":"json",` +
				`"layers":["sealed with key 7"],"bytes":54,"value":{"name":"Ann","age":31}`},
		{"protobuf", string(user), message,
			"{\n  \"id\": \"7\",\n  \"name\": \"Ann\",\n  \"role\": \"ROLE_ADMIN\"\n}\n",
			`"form":"protobuf","layers":[],"bytes":9,` +
				`"value":{"id":"7","name":"Ann","role":"ROLE_ADMIN"}`},
		{"protobuf as bytes", string(user), nil,
			"00000000  08 07 12 03 41 6e 6e 30  02                       |....Ann0.|\n",
			`"form":"bytes","layers":[],"bytes":9,"base64":"CAcSA0FubjAC"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			must(t, p.client.Set(t.Context(), key, tt.stored, time.Hour).Err())
			p.want(t, tt.text, append([]string{"get", name, "k"}, tt.flags...)...)
			p.want(t, fmt.Sprintf(`{"cache":%q,"key":"k",%s}`+"\n", name, tt.json),
				append([]string{"get", name, "k", "-json"}, tt.flags...)...)
			p.want(t, tt.stored, "get", "-raw", name, "k")
		})
	}
}

// Values must be larger than those of TestGet to be compressed.
func TestGetCompressed(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	long := fmt.Sprintf(`"%02000d"`, 1)
	for kind, c := range map[string]codec.Codec[[]byte]{
		"S2":        compress.S2(codec.Bytes{}, nil),
		"Zstandard": compress.Zstd(codec.Bytes{}, nil),
	} {
		data, err := c.Encode([]byte(long))
		must(t, err)
		sealed, err := codec.EncodeFor(seal.New(codec.Bytes{}, keyring(t, 1), nil), name+":k", data)
		must(t, err)
		must(t, p.client.Set(t.Context(), name+":k", sealed, time.Hour).Err())
		p.want(t, fmt.Sprintf(`{"cache":%q,"key":"k","form":"json","layers":["sealed with key 1",`+
			`"compressed by %s"],"bytes":%d,"value":%s}`+"\n", name, kind, len(sealed), long),
			"get", name, "k", "-json", "-key-file", keyFile(t, 1))
	}
}

func TestGetRefuses(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, check := p.name(t)
	check.Exempt(name + ":foreign")
	must(t, p.client.SAdd(t.Context(), name+":foreign", 1).Err())
	sealed := encoded(t, seal.New(codec.JSON[person]{}, keyring(t, 7), nil), name+":k")
	message := []string{"-descriptor", descriptors(t, &testpb.User{}), "-message"}
	tests := []struct {
		name, stored string
		args         []string
		code         int
		line         string // after the name of the cache
	}{
		{"no such key", "", []string{"nope"}, exitNotFound, " nope: record not found"},
		{"foreign", "", []string{"foreign"}, exitFailure, " foreign: not a record of a cache: " +
			"the key holds a set"},
		{"empty key", "", []string{""}, exitUsage, ": empty key"},
		{"no quoted key", "", []string{`"a`}, exitUsage,
			": a key that begins with a quote must be " +
				`a quoted Go string, such as "a\nb"`},
		{"sealed", sealed, []string{"k"}, exitFailure, " k: the value is sealed: it needs key 7, " +
			"if seal.Keys has made its AEAD; -key-file names a file with the key, and -raw " +
			"prints the bytes"},
		{"another key", sealed, []string{"k", "-key-file", keyFile(t, 8)}, exitFailure,
			" k: the value seems to be sealed with key 7, but is not valid; -raw prints the " +
				"bytes"},
		{"corrupt", "\xc1\x02nonsense", []string{"k"}, exitFailure, " k: the value seems to be " +
			"compressed by Zstandard, but is not valid; -raw prints the bytes"},
		{"no JSON", "secret", []string{"k", "-as", "json"}, exitFailure,
			" k: it cannot be read as json: the value is not JSON"},
		{"no MessagePack", "secret", []string{"k", "-as", "msgpack"}, exitFailure,
			" k: it cannot " +
				"be read as msgpack: msgpack: more data behind the value at offset 1"},
		{"no protobuf", "secret", append([]string{"k"},
			append(message, "rediscache.test.User")...), exitFailure,
			" k: it cannot be read as protobuf: the value is not a message of this type"},
		{"another message", "\xfa\x3f\x01x", append([]string{"k"},
			append(message, "rediscache.test.User")...), exitFailure,
			" k: it cannot be read as protobuf: the value has fields that this type does not have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			must(t, p.client.Set(t.Context(), name+":k", tt.stored, time.Hour).Err())
			p.refuses(t, tt.code, "rediscache get "+name+tt.line,
				append([]string{"get", name}, tt.args...)...)
		})
	}
	const takes = "takes an id, aes-gcm, and a key of 16, 24 or 32 bytes in hex"
	nonsense, empty := file(t, "#\n1 aes-gcm hunter2"), file(t, "#\n")
	for line, args := range map[string][]string{
		"-descriptor and -message go together": {"-message", "x"},
		"-descriptor cannot be read: no such file or directory": {
			"-message", "x", "-descriptor", "/nowhere"},
		"-descriptor: it is not a descriptor set of protoc": {
			"-message", "x", "-descriptor", nonsense},
		"-descriptor: the descriptor set has no message of that name": append(message[:2:2],
			"-message", "x"),
		"-key-file cannot be read: no such file or directory": {"-key-file", "/nowhere"},
		"-key-file: line 2 " + takes:                          {"-key-file", nonsense},
		"-key-file: it has no key; a line " + takes:           {"-key-file", empty},
		"-as takes json, msgpack, text or bytes":              {"-as", "xml"},
	} {
		args = append([]string{"get", name, "k"}, args...)
		p.refuses(t, exitUsage, "rediscache get: "+line, args...)
	}
}
