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

// TestRecordingsDocument looks on the page for every recording that the test
// runtime or the engine treats otherwise than Flink, and for no other. Their
// tables are inside their own tests, so they are read as source.
func TestRecordingsDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## The test runtime and Flink")
	ofTests, ofEngine, _ := strings.Cut(rest, "## The engine and Flink")
	checkRecordings(t, ofTests, "", recordingsIn(t, "statefuntest/recordings_tables_internal_test.go", "differences"))
	checkRecordings(t, ofEngine, "flink-3.3.0/", recordingsIn(t, "../engine/recordings_tables_test.go", "recordingDifferences"))
}

func checkRecordings(t *testing.T, section, folder string, names []string) {
	t.Helper()
	for _, name := range names {
		if !strings.Contains(section, "`"+folder+name+"`") {
			t.Errorf("docs/differences.md does not mention %s%s", folder, name)
		}
	}
	if n := strings.Count(section, "`flink-"); n != len(names) {
		t.Errorf("docs/differences.md mentions %d recordings, the table has %d", n, len(names))
	}
}

// recordingsIn returns the key, or the first text, of each element of a table.
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
			names = append(names, firstText(t, list.Elts[i]))
		}
		return false
	})
	if len(names) == 0 {
		t.Fatalf("%s has no table %s", file, table)
	}
	return names
}

func firstText(t *testing.T, element ast.Expr) string {
	t.Helper()
	switch e := element.(type) {
	case *ast.KeyValueExpr:
		element = e.Key
	case *ast.CompositeLit:
		element = e.Elts[0]
	}
	text, ok := element.(*ast.BasicLit)
	if !ok {
		t.Fatalf("an element of the table starts with a %T, not with a text", element)
	}
	name, err := strconv.Unquote(text.Value)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
