package main

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"unicode"
)

// passage is text that belongs together: a paragraph, an item of a list, a cell of a table.
type passage struct {
	line int // where it begins, or the comment that has it
	text string
}

// comments returns the prose of a Go file: its comments without the code in them.
func comments(path, text string) ([]passage, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var found []passage
	for _, group := range file.Comments {
		found = append(found, paragraphs(files.Position(group.Pos()).Line, group)...)
	}
	return found, nil
}

func paragraphs(line int, group *ast.CommentGroup) []passage {
	var found []passage
	var printer comment.Printer
	add := func(block comment.Block) {
		doc := comment.Doc{Content: []comment.Block{block}}
		found = append(found, passage{line, string(printer.Text(&doc))})
	}
	for _, block := range new(comment.Parser).Parse(group.Text()).Content {
		switch block := block.(type) {
		case *comment.Code:
		case *comment.List:
			for _, item := range block.Items {
				for _, paragraph := range item.Content {
					add(paragraph)
				}
			}
		default:
			add(block)
		}
	}
	return found
}

var (
	link    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	newItem = regexp.MustCompile(`^\s*([-*]|\d+\.)\s`)
)

// markdown returns the prose of a Markdown file: without code and headings, and each cell of a
// table by itself.
func markdown(_, text string) ([]passage, error) {
	var found []passage
	var open []string       // the lines of the passage that is being read
	end := func(line int) { // before this line
		if len(open) > 0 {
			found = append(found, passage{line - len(open), strings.Join(open, " ")})
		}
		open = nil
	}
	var inCode bool
	for i, line := range strings.Split(text, "\n") {
		line = link.ReplaceAllString(line, "$1")
		trimmed := strings.TrimSpace(line)
		fence := strings.HasPrefix(trimmed, "```")
		switch {
		case fence || inCode || trimmed == "" || strings.HasPrefix(line, "#"):
			end(i + 1)
			inCode = inCode != fence
		case strings.HasPrefix(trimmed, "|"):
			end(i + 1)
			for cell := range strings.SplitSeq(trimmed, "|") {
				found = append(found, passage{i + 1, cell})
			}
		default:
			if newItem.MatchString(line) {
				end(i + 1)
			}
			open = append(open, trimmed)
		}
	}
	end(strings.Count(text, "\n") + 2)
	return found, nil
}

// sentences cuts a text after each word that ends a sentence.
func sentences(text string) []string {
	var found []string
	var open []string
	for word := range strings.FieldsSeq(text) {
		open = append(open, word)
		if bare := strings.TrimRight(word, `)"'*_`+"`"); strings.HasSuffix(bare, ".") ||
			strings.HasSuffix(bare, "?") || strings.HasSuffix(bare, "!") {
			found = append(found, strings.Join(open, " "))
			open = nil
		}
	}
	if len(open) > 0 {
		found = append(found, strings.Join(open, " "))
	}
	return found
}

// words counts the words of a sentence. Signs between them are none.
func words(sentence string) int {
	n := 0
	for word := range strings.FieldsSeq(sentence) {
		if strings.ContainsFunc(word, isLetterOrDigit) {
			n++
		}
	}
	return n
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
