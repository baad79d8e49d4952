package statefungo_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// TestFiles reads every file of the repository. What it looks for is put
// together here, so that this file does not hold it.
func TestFiles(t *testing.T) {
	t.Parallel()
	tree := os.DirFS(".")
	for _, name := range sources(t, tree) {
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(tree, name, string(data)) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

func TestFaultsFinds(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{"CONTRIBUTING.md": {}}
	for _, c := range []struct{ name, text, want string }{
		{"docs/design.md", "see [the layout](../CONTRIBUTING.md#layout), [Go](https://go.dev) and [below](#below)\n", ""},
		{"docs/design.md", "see [the layout](CONTRIBUTING.md)\n", "CONTRIBUTING.md"},
		{"docs/design.md", "`a[T](b)`\n```go\na[T](b)\n```\n", ""},
		{"README.md", "![picture](docs/none.svg)\n", "docs/none.svg"},
		{"any.go", "// see " + machinePaths[0] + "notes\n", "machine"},
		{"any.go", "x := 1 \n", "space"},
		{"any.go", "x := 1", "newline"},
		{"any/testdata/x", "x := 1", ""},
		{"docs/any.png", "\xff\r\n \n", ""},
		{"any.go", "x := 1\r\n", "carriage"},
		{"any.go", "// TO" + "DO: later\n", "later"},
	} {
		got := strings.Join(faults(tree, c.name, c.text), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("faults of %q: %q, want one about %q", c.text, got, c.want)
		}
	}
}

var (
	machinePaths = []string{"/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"}
	unfinished   = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b.*`)
	links        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code         = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	trailing     = regexp.MustCompile(`(?m)[ \t]+$`)
)

// faults returns what is wrong with one file.
func faults(tree fs.FS, name, text string) []string {
	var found []string
	for _, p := range machinePaths {
		if strings.Contains(text, p) {
			found = append(found, "names a path of one machine: "+p)
		}
	}
	if recorded(name) || !utf8.ValidString(text) {
		return found
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		found = append(found, "does not end with a newline")
	}
	if strings.Contains(text, "\r") {
		found = append(found, "has carriage returns")
	}
	if trailing.MatchString(text) {
		found = append(found, "has space at the end of a line")
	}
	if left := unfinished.FindString(text); left != "" {
		found = append(found, "says "+left+": finish it, or file an issue")
	}
	if path.Ext(name) == ".md" {
		found = append(found, deadLinks(tree, name, text)...)
	}
	return found
}

// deadLinks returns the links of a page to files that do not exist.
func deadLinks(tree fs.FS, name, text string) []string {
	var found []string
	for _, link := range links.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		file, _, _ := strings.Cut(link[1], "#")
		if file == "" || strings.Contains(file, "://") || strings.HasPrefix(file, "mailto:") {
			continue
		}
		if _, err := fs.Stat(tree, path.Join(path.Dir(name), file)); err != nil {
			found = append(found, "links to "+link[1]+", which is not there")
		}
	}
	return found
}

// recorded reports whether a file is kept as it came from elsewhere.
func recorded(name string) bool {
	return name == "LICENSE" || path.Base(name) == "go.sum" || strings.Contains(name, "testdata/") ||
		strings.HasPrefix(name, "internal/vectors/data/")
}

// sources lists the files that belong to the repository: all but hidden
// directories (.ci is ours) and what git ignores by its ending.
func sources(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(base, ".") && base != ".ci", d.IsDir() && name == "bin":
			return fs.SkipDir
		case d.Type().IsRegular() && !slices.Contains([]string{".test", ".prof"}, path.Ext(name)):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
