package statefun_test

import (
	"flag"
	"os"
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
