// Command prose lists what is hard to read: sentences of more than 30 words, and lines of more than
// 100 columns. It reads the Markdown and the comments of the Go files below a folder, which is the
// working directory by default:
//
//	go run ./internal/prose
//
// It exits with 1 if it has listed something. Generated files, testdata, tables of Markdown and
// lines that cannot be broken are left out.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The bounds. A tab counts as four columns.
const (
	maxWords   = 30
	maxColumns = 100
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	faults, err := check(os.DirFS(root))
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(2)
	}
	for _, f := range faults {
		fmt.Println(f)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

// check returns the faults of all files of a tree, each as "file:line: what".
func check(tree fs.FS) ([]string, error) {
	var faults []string
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		read := readers[filepath.Ext(path)]
		if read == nil && filepath.Base(filepath.Dir(path)) != ".ci" {
			return nil
		}
		text, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		if generated(string(text)) {
			return nil
		}
		if read != nil {
			passages, err := read(path, string(text))
			if err != nil {
				return err
			}
			for _, p := range passages {
				faults = append(faults, long(path, p)...)
			}
		}
		faults = append(faults, wide(path, string(text))...)
		return nil
	})
	return faults, err
}

// readers find the prose of a file, by its extension. Files without a reader have lines only.
var readers = map[string]func(path, text string) ([]passage, error){
	".go":  comments,
	".md":  markdown,
	".lua": noProse,
	".yml": noProse,
}

func noProse(string, string) ([]passage, error) { return nil, nil }

// long returns the sentences of a passage that are too long.
func long(path string, p passage) []string {
	var faults []string
	for _, s := range sentences(p.text) {
		if n := words(s); n > maxWords {
			faults = append(faults, fmt.Sprintf("%s:%d: %d words: %s", path, p.line, n, s))
		}
	}
	return faults
}

// wide returns the lines of a file that are too wide.
func wide(path, text string) []string {
	var faults []string
	for i, line := range strings.Split(text, "\n") {
		columns := len([]rune(strings.ReplaceAll(line, "\t", "    ")))
		switch trimmed := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "/#-")); {
		case columns <= maxColumns:
		case !strings.Contains(trimmed, " "): // a link
		case filepath.Ext(path) == ".md" && strings.HasPrefix(line, "|"): // a row of a table
		default:
			faults = append(faults, fmt.Sprintf("%s:%d: %d columns", path, i+1, columns))
		}
	}
	return faults
}

func generated(text string) bool {
	head, _, _ := strings.Cut(text, "\npackage ")
	return strings.Contains(head, "DO NOT EDIT.")
}
