package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRefusedFiles(t *testing.T) {
	environ(t, nil)
	for text, want := range map[string]string{
		"":                        "things.json: the file is empty",
		"[1]":                     "things.json: element 0 of the array is a number",
		`[{"n":1e999}]`:           "things.json: record 0: a number is beyond float64",
		`[{"n":[1,{"m":1e999}]}]`: "things.json: record 0: a number is beyond float64",
	} {
		out, errs := command(t, t.Context(), exitFailed, "-data", file(t, text))
		wantInOrder(t, errs, "benchmarks: ", want)
		if out != "" {
			t.Errorf("stdout: %s", out)
		}
	}
	_, errs := command(t, t.Context(), exitFailed, "-data", filepath.Join(t.TempDir(), "none.json"))
	wantInOrder(t, errs, "benchmarks: open ", "none.json: no such file")
}

// If a codec fails, the command shows the others and exits with 1. A google.protobuf.Struct needs
// two levels of messages per level of JSON. The wire format allows 10000 levels.
func TestCodecThatFails(t *testing.T) {
	environ(t, nil)
	deep := strings.Repeat("[", 6000) + strings.Repeat("]", 6000)
	out, errs := command(t, t.Context(), exitFailed, "-rounds", "1", "-data",
		file(t, `[{"n":1},{"deep":`+deep+`}]`))
	wantInOrder(t, errs, "benchmarks: compare: things.json, codec proto, record 1: decode: ")
	wantInOrder(t, out, "### things.json", "| proto   |     – |",
		"proto is not measured: record 1: decode: ", "### profile", "- things.json: ")
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	environ(t, nil)
	for _, name := range []string{"-html", "-json"} {
		out, errs := command(t, t.Context(), exitFailed, "-rounds", "1", name,
			filepath.Join(t.TempDir(), "none", "report"))
		wantInOrder(t, errs, "benchmarks: open ", "report: no such file")
		wantInOrder(t, out, "### Recommendation") // the results are still printed
	}
}

func TestFlags(t *testing.T) {
	environ(t, nil)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-nothing"}, "benchmarks: flag provided but not defined: -nothing"},
		{[]string{"-data"}, "benchmarks: flag needs an argument: -data"},
		{[]string{"-html="}, "no file is named"},
		{[]string{"-rounds", "0"}, "benchmarks: -rounds takes a number from 1"},
		{[]string{"-rounds", "many"}, `invalid value "many" for flag -rounds`},
		{[]string{"-rounds", "40", "-quick"}, "benchmarks: -quick and -rounds exclude each other"},
		{[]string{"twitter.json"}, `benchmarks: unexpected argument "twitter.json"`},
	} {
		out, errs := command(t, t.Context(), exitUsage, tt.args...)
		wantInOrder(t, errs, tt.want, "\n\nusage: go -C benchmarks run .")
		if out != "" {
			t.Errorf("%q: stdout is %q", tt.args, out)
		}
	}
	out, _ := command(t, t.Context(), 0, "-h")
	for _, name := range []string{"-data", "-html", "-json", "-rounds", "-quick", "Exit codes"} {
		wantInOrder(t, out, name)
	}
}
