package statefungo_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The code in prose is the code of files, or is compiled here.

var goBlocks = regexp.MustCompile("(?s)```go\n(.*?)```")

// blocks returns the Go blocks of a page, without the indentation of a list.
func blocks(t *testing.T, page string) []string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range goBlocks.FindAllStringSubmatch(strings.ReplaceAll(string(data), "\n   ", "\n"), -1) {
		list = append(list, m[1])
	}
	return list
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The README shows the greeter as it is.
func TestReadmeShowsTheGreeter(t *testing.T) {
	t.Parallel()
	source := readFile(t, "examples/greeter/greeter.go")
	source = source[strings.Index(source, "package greeter"):]
	if blocks(t, "README.md")[0] != source {
		t.Error("the first block of README.md differs from examples/greeter/greeter.go: copy it again, from the package line on")
	}
}

// The way to a function of one's own, in the greeter's README, compiles, and
// its test passes.
func TestGreeterTutorial(t *testing.T) {
	t.Parallel()
	steps := blocks(t, "examples/greeter/README.md")
	if len(steps) != 3 {
		t.Fatalf("%d blocks, want the function, its test, and the program of a module of one's own", len(steps))
	}
	vet(t, "the program of a module of one's own", steps[2])
	const first = "statefun.On(GreetType, greet),"
	program := readFile(t, "examples/greeter/greeter.go")
	if !strings.Contains(program, first) {
		t.Fatalf("greeter.go lacks %q, after which the tutorial adds a case", first)
	}
	overlay(t, "./examples/greeter", map[string]string{
		"examples/greeter/greeter.go":      strings.Replace(program, first, first+" statefun.On(LeaveType, leave),", 1) + steps[0],
		"examples/greeter/greeter_test.go": readFile(t, "examples/greeter/greeter_test.go") + steps[1],
	})
}

// Each program on the pages about deployment compiles.
func TestDeploymentProgramsCompile(t *testing.T) {
	t.Parallel()
	for page, programs := range map[string]int{"docs/deploy-http.md": 1, "docs/deploy-lambda.md": 1, "docs/deploy-gcf.md": 2} {
		found := blocks(t, page)
		if len(found) != programs {
			t.Errorf("%s has %d programs, want %d", page, len(found), programs)
		}
		for i, program := range found {
			vet(t, fmt.Sprintf("%s, program %d", page, i+1), program)
		}
	}
}

// vet compiles a program.
func vet(t *testing.T, name, program string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

// What pages say to make is in the Makefile, with its settings.
func TestPagesNameTargets(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile := readFile(t, "Makefile")
	commands := regexp.MustCompile("(?m)(?:^|`)make ([a-zA-Z0-9-]+)((?: [A-Z]+=\\S+)*)")
	settings := regexp.MustCompile(`([A-Z]+)=`)
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		for _, command := range commands.FindAllStringSubmatch(readFile(t, page), -1) {
			if !strings.Contains(makefile, "\n"+command[1]+":") {
				t.Errorf("%s: make has no target %s", page, command[1])
			}
			for _, setting := range settings.FindAllStringSubmatch(command[2], -1) {
				if !regexp.MustCompile(`(?m)^` + setting[1] + ` :=`).MatchString(makefile) {
					t.Errorf("%s: make %s has no setting %s", page, command[1], setting[1])
				}
			}
		}
	}
}

// The pitfalls of Lambda have their numbers on the page and in the tests. Two
// of them are tested elsewhere, which the page says.
func TestPitfallNumbers(t *testing.T) {
	t.Parallel()
	_, list, _ := strings.Cut(readFile(t, "docs/deploy-lambda.md"), "## Twenty pitfalls")
	tests := readFile(t, "adapters/lambda/pitfalls_test.go")
	for n := 1; n <= 20; n++ {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^ ?%d\. \*\*`, n)).MatchString(list) {
			t.Errorf("docs/deploy-lambda.md lacks pitfall %d", n)
		}
		if n != 16 && n != 19 && !regexp.MustCompile(fmt.Sprintf(`func TestPitfall(\d\dAnd)?%02d\D`, n)).MatchString(tests) {
			t.Errorf("adapters/lambda/pitfalls_test.go has no test of pitfall %d", n)
		}
	}
}

// overlay runs the tests of a package with some files replaced.
func overlay(t *testing.T, pkg string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range files {
		abs, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		replace[abs] = filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(replace[abs], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-run", "TestLeave", "-v", "-overlay", path, pkg).CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestLeave") {
		t.Errorf("%v\n%s", err, out)
	}
}
