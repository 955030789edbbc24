package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/document"
	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/names"
)

// get prints a record.
type get struct {
	sealFlags
	raw                 bool
	as                  string
	descriptor, message string
}

func (g *get) flags(fs *flag.FlagSet) {
	g.sealFlags.flags(fs)
	fs.BoolVar(&g.raw, "raw", false, "print the bytes as they are in Redis")
	text(fs, &g.as, "as", "the `form` of the value: json, msgpack, text or bytes")
	text(fs, &g.descriptor, "descriptor", "`file` with the descriptor set of protoc")
	text(fs, &g.message, "message",
		"full `name` of the protobuf message, such as shop.Order")
}

// sealFlags name the keys of package seal.
type sealFlags struct{ keyFile string }

func (f *sealFlags) flags(fs *flag.FlagSet) {
	text(fs, &f.keyFile, "key-file",
		"`file` with keys of sealed values, each in a line: 1 aes-gcm 0123...")
}

// keys returns the keys, or nil for none.
func (f *sealFlags) keys() (*document.Keys, error) {
	if f.keyFile == "" {
		return nil, nil
	}
	file, err := os.Open(f.keyFile)
	if err != nil {
		return nil, unreadable("-key-file", err)
	}
	defer file.Close()
	keys, err := document.ReadKeys(file)
	if err != nil {
		return nil, usage("-key-file: %v", err)
	}
	return keys, nil
}

// unreadable returns the error of a file that cannot be read. It does not show the path.
func unreadable(flag string, err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	return usage("%s cannot be read: %v", flag, err)
}

// keyOf reads a key as it is written on the command line.
func keyOf(arg string) (key string, err error) {
	coder, err := names.For[string]()
	if err != nil {
		return "", err
	}
	if key, err = terminal.ParseKey(arg); err == nil {
		_, err = coder.Append(nil, key)
	}
	if err != nil {
		return "", usage("%v", err)
	}
	return key, nil
}

// openRecord opens a cache and reads a key as it is written on the command line.
func (s *session) openRecord(
	ctx context.Context, args []string, track bool,
) (t *target, key string, err error) {
	s.subject = args[0]
	if key, err = keyOf(args[1]); err != nil {
		return nil, "", err
	}
	t, err = s.open(ctx, args[0], track)
	s.subject += " " + terminal.Key(key)
	return t, key, err
}

func (g *get) run(ctx context.Context, s *session, args []string) error {
	keys, err := g.keys()
	if err != nil {
		return err
	}
	message, err := g.messageType()
	if err != nil {
		return err
	}
	t, key, err := s.openRecord(ctx, args, false)
	if err != nil {
		return err
	}
	data, err := t.records.Peek(ctx, key)
	if err != nil {
		return err
	}
	if g.raw {
		if isTerminal(os.Stdout) && terminal.Text(string(data)) != string(data) {
			return fail("the value has bytes that may change the terminal: send -raw to a file, " +
				"or through a pipe to a program such as xxd")
		}
		_, _ = s.out.Write(data)
		return nil
	}
	plain, layers, err := document.Open(t.names.Key(key), data, keys)
	if err != nil {
		return cannotOpen(layers, err)
	}
	form := g.form(plain)
	shown, err := document.Show(plain, form, message)
	if err != nil {
		return fail("it cannot be read as %s: %v", form, err)
	}
	if s.json {
		s.line(valueOf(t.names.String(), key, len(data), layers, form, plain, shown))
		return nil
	}
	s.print(form, plain, shown)
	return nil
}

// cannotOpen returns the error of a value whose last layer cannot be taken off.
func cannotOpen(layers document.Layers, err error) error {
	switch {
	case errors.Is(err, document.ErrSealed):
		return fail("%v; -key-file names a file with the key, and -raw prints the bytes", err)
	case len(layers) > 0:
		return fail("the value seems to be %s, but is not valid; -raw prints the bytes",
			layers[len(layers)-1])
	}
	return err
}

func (g *get) messageType() (*document.Message, error) {
	switch g.as {
	case "", "json", "msgpack", "text", "bytes":
	default:
		return nil, usage("-as takes json, msgpack, text or bytes")
	}
	if g.descriptor == "" && g.message == "" {
		return nil, nil
	}
	if g.descriptor == "" || g.message == "" {
		return nil, usage("-descriptor and -message go together")
	}
	set, err := os.ReadFile(g.descriptor)
	if err != nil {
		return nil, unreadable("-descriptor", err)
	}
	message, err := document.NewMessage(set, g.message)
	if err != nil {
		return nil, usage("-descriptor: %v", err)
	}
	return message, nil
}

func (g *get) form(plain []byte) document.Form {
	switch {
	case g.message != "":
		return document.Protobuf
	case g.as != "":
		return document.Form(g.as)
	}
	return document.Guess(plain)
}

// value is a record in JSON.
type value struct {
	Cache string `json:"cache"`
	terminal.Name
	Form   document.Form   `json:"form"`
	Layers []string        `json:"layers"`
	Bytes  int             `json:"bytes"`
	Value  json.RawMessage `json:"value,omitempty"`
	Text   *string         `json:"text,omitempty"`
	Base64 *[]byte         `json:"base64,omitempty"`
}

func valueOf(
	cache, key string, size int, layers document.Layers, form document.Form, plain, shown []byte,
) value {
	v := value{Cache: cache, Name: terminal.NameOf(key), Form: form, Layers: layers.Words(),
		Bytes: size, Value: shown}
	switch text := string(plain); {
	case shown != nil:
	case form == document.Text && utf8.ValidString(text):
		v.Text = &text
	default:
		v.Base64 = &plain
	}
	return v
}

// print prints a value for people.
func (s *session) print(form document.Form, plain, shown []byte) {
	switch {
	case shown != nil:
		var b bytes.Buffer
		_ = json.Indent(&b, terminal.JSON(bytes.TrimSpace(shown)), "", "  ") // it is valid
		fmt.Fprintln(s.out, b.String())
	case form == document.Text:
		fmt.Fprintln(s.out, terminal.Text(string(plain)))
	default:
		fmt.Fprint(s.out, hex.Dump(plain))
	}
}
