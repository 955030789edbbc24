package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	table := Table{Title: "Times", Note: "In µs.", Head: []string{"What", "µs"}, Labels: 1}
	table.Add("Get", "1.5")
	table.Add("Update", "10")
	const want = "### Times\n\nIn µs.\n\n" +
		"| What   |  µs |\n" +
		"|--------|----:|\n" +
		"| Get    | 1.5 |\n" +
		"| Update |  10 |\n"
	if got := table.Markdown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSection(t *testing.T) {
	table := Table{Title: "Times", Note: "In µs.", Head: []string{"What"}, Labels: 1}
	for broken, want := range map[string]string{
		"":        "head\nAll bounds hold.\n\n",
		"a bound": "head\n- **Broken:** a bound\n\n",
	} {
		var what []string
		if broken != "" {
			what = []string{broken}
		}
		if got := Section("head", what, []*Table{&table}); got != want+table.Markdown() {
			t.Errorf("broken %q:\n%s", broken, got)
		}
	}
}

func TestWrap(t *testing.T) {
	word := strings.Repeat("é", 49)
	for text, want := range map[string]string{
		"":                                    "",
		"one\n\n- two":                        "one\n\n- two",
		word + " " + word + "é three":         word + " " + word + "é\nthree",
		"- " + word + " " + word + " three":   "- " + word + "\n  " + word + " three",
		word + " " + word + " `a b` c":        word + " " + word + "\n`a b` c",
		word + " `" + word + " b c` after it": word + "\n`" + word + " b c` after it",
	} {
		if got := wrap(text); got != want {
			t.Errorf("wrap(%q)\ngives %q\nwant  %q", text, got, want)
		}
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, two := Begin("TestOne"), Begin("TestTwo")
	other := one + "\n\nof another test\n\n" + End + "\nbetween\n"
	write(other + two + "\nold\n" + End + "\nbelow\n")
	for range 2 { // the second time changes nothing
		if err := Replace(file, "TestTwo", "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if want := other + two + "\n\nnew\n\n" + End + "\nbelow\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, text := range []string{"", two, End + two, one + End} {
		write(text)
		if err := Replace(file, "TestTwo", "new"); err == nil {
			t.Errorf("no error for a file that is %q", text)
		}
	}
}
