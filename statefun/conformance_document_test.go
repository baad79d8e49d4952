package statefun_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated tables of docs/differences.md")

// TestDifferencesDocument compares docs/differences.md with the tables of these
// tests, so that the page says what is tested and nothing else.
func TestDifferencesDocument(t *testing.T) {
	t.Parallel()
	const file = "../docs/differences.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := section(t, string(page), "sdk", sdkTable())
	want = section(t, want, "python", pythonTable())
	switch {
	case want == string(page):
	case *update:
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s differs from the tables: run go test ./statefun -run TestDifferencesDocument -update", file)
	}
}

// section puts text between the page's two marks of a name.
func section(t *testing.T, page, name, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, "<!-- begin "+name+":")
	begin, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, "<!-- end "+name+" -->")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("the page lacks the marks of %s", name)
	}
	return before + "<!-- begin " + name + ":" + begin + "-->\n" + text + "<!-- end " + name + " -->" + after
}

func sdkTable() string {
	lines := []string{"| input | Go | Java | JavaScript | Python | ours | why |", "|---|---|---|---|---|---|---|"}
	for _, d := range sdkDifferences {
		if d.why != "" {
			lines = append(lines, tableRow(d.input, d.goSDK, d.java, d.js, d.python, d.ours, d.why))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func pythonTable() string {
	lines := []string{"| input | Python | ours | why |", "|---|---|---|---|"}
	for _, d := range pythonDifferences {
		if d.why != "" {
			lines = append(lines, tableRow(d.input, d.python, d.ours, d.why))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func tableRow(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// TestRecordingsDocument looks for every recording that the test runtime treats
// otherwise than Flink on the page. The table is inside package statefuntest, so
// it is read as source.
func TestRecordingsDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## The test runtime and Flink")
	names := recordingsIn(t, "statefuntest/recordings_tables_internal_test.go", "differences")
	for _, name := range names {
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("docs/differences.md does not mention %s", name)
		}
	}
	if n := strings.Count(section, "`flink-"); n != len(names) {
		t.Errorf("docs/differences.md mentions %d recordings, the table has %d", n, len(names))
	}
}

// recordingsIn returns the first text of each element of a table.
func recordingsIn(t *testing.T, file, table string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != table {
			return true
		}
		list, ok := spec.Values[0].(*ast.CompositeLit)
		for i := 0; ok && i < len(list.Elts); i++ {
			element, isElement := list.Elts[i].(*ast.CompositeLit)
			if !isElement {
				continue
			}
			if text, isText := element.Elts[0].(*ast.BasicLit); isText {
				name, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Error(err)
				}
				names = append(names, name)
			}
		}
		return false
	})
	if len(names) == 0 {
		t.Fatalf("%s has no table %s", file, table)
	}
	return names
}
