package module_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/module"
)

const (
	ingress = "kind: io.statefun.playground.v1/ingress\nspec: {port: 8090}\n"
	greeter = "kind: io.statefun.endpoints.v2/http\nspec: {functions: example/greeter, urlPathTemplate: 'http://one/{function.name}'}\n"
	others  = "kind: io.statefun.endpoints.v2/http\nspec: {functions: example/*, urlPathTemplate: 'http://two/{function.name}?f={function.name}'}\n"
)

// write makes files in a directory of the test and returns their paths.
func write(t *testing.T, contents ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, c := range contents {
		path := filepath.Join(dir, string(rune('a'+i))+".yaml")
		if err := os.WriteFile(path, []byte(c), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestLoadComposesFiles(t *testing.T) {
	t.Parallel()
	paths := write(t, greeter, others, ingress)
	m, err := module.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Endpoints) != 2 || len(m.Ingresses) != 1 || m.Endpoints[1].Position.File != paths[1] {
		t.Errorf("got %+v", m)
	}
}

func TestLoadNamesBothPlaces(t *testing.T) {
	t.Parallel()
	paths := write(t, greeter+"---\n"+ingress, "# second\n"+greeter)
	_, err := module.Load(paths...)
	want := []string{paths[1] + ":2:1: functions example/greeter are bound twice", paths[0] + ":1:1"}
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not contain %q", err, w)
		}
	}
}

func TestLoadReportsEveryFile(t *testing.T) {
	t.Parallel()
	paths := write(t, "kind: x/y\nspec: {}\n", "kind: x/z\nspec: {}\n")
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := module.Load(paths[0], missing, paths[1], paths[0])
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	for _, w := range []string{missing, paths[0] + ":1:7", paths[1] + ":1:7", paths[0] + " is given twice"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not contain %q", err, w)
		}
	}
	if first, ok := errors.AsType[*module.Error](err); !ok || first.Position.File != paths[0] || first.Position.Line != 1 {
		t.Errorf("the first mistake is %+v", first)
	}
}

func TestLoadWithoutFiles(t *testing.T) {
	t.Parallel()
	if _, err := module.Load(); err == nil {
		t.Error("no error")
	}
	if _, err := module.Load(t.TempDir()); err == nil {
		t.Error("no error for a directory")
	}
}

func TestEndpointExactBeforeNamespace(t *testing.T) {
	t.Parallel()
	for _, docs := range [][]string{{greeter, others, ingress}, {others, greeter, ingress}} {
		m, err := module.Parse("m.yaml", []byte(strings.Join(docs, "---\n")))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"greeter": "http://one/greeter", "x": "http://two/x?f=x"} {
			e, ok := m.Endpoint("example", name)
			if !ok {
				t.Fatalf("no endpoint for %s", name)
			}
			if u, err := e.URL("example", name); err != nil || u.String() != want {
				t.Errorf("%s: %v, %v, want %s", name, u, err, want)
			}
		}
		for _, namespace := range []string{"", "exampl", "example/x"} {
			if e, ok := m.Endpoint(namespace, "greeter"); ok {
				t.Errorf("%q is served by %s", namespace, e.Functions)
			}
		}
	}
}

func TestURLRefuses(t *testing.T) {
	t.Parallel()
	m, err := module.Parse("m.yaml", []byte(others+"---\n"+ingress))
	if err != nil {
		t.Fatal(err)
	}
	e := &m.Endpoints[0]
	for _, c := range []struct{ namespace, name, want string }{
		{"other", "greeter", "does not serve"},
		{"example", "a b", "holds the character"},
		{"example", "a#b", "fragment"},
	} {
		if u, err := e.URL(c.namespace, c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s/%s: %v, %v", c.namespace, c.name, u, err)
		}
	}
}

func TestEndOfLineAndMark(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"\ufeff" + greeter + "---\n" + ingress,
		strings.ReplaceAll(greeter+"---\n"+ingress, "\n", "\r\n"),
		strings.ReplaceAll(greeter+"---\n"+ingress, "\n", "\r"),
		strings.TrimSuffix(greeter+"---\n"+ingress, "\n"),
		"%YAML 1.1\n---\n" + greeter + "...\n---\n" + ingress,
		greeter + "...\n" + ingress,
	} {
		m, err := module.Parse("m.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		checkModule(t, m)
	}
}

func TestNotText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: b\nc: \xff":                      "m.yaml:2:4: byte 0xff is not UTF-8",
		"\xff\xfek\x00":                      "m.yaml:1:1: byte 0xff is not UTF-8",
		"é\x00":                              "m.yaml:1:2: control character U+0000",
		strings.Repeat("#", 1<<20):           "larger than 256 KiB",
		strings.Repeat("a: b\n", 64<<10/5+1): "m.yaml:1:1: this document is larger than 64 KiB",
	} {
		_, err := module.Parse("m.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestManyMistakesAreCutOff(t *testing.T) {
	t.Parallel()
	_, err := module.Parse("m.yaml", []byte(strings.Repeat("kind: x/y\nspec: {}\n---\n", 1000)))
	if err == nil || !strings.Contains(err.Error(), "and 950 more mistakes") {
		t.Errorf("got %.200v", err)
	}
}

// TestHard reads texts that would take a careless parser hours or gigabytes.
func TestHard(t *testing.T) {
	t.Parallel()
	texts := hard()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := module.Parse("m.yaml", []byte(texts[name])); err == nil {
				t.Error("no error")
			}
		})
	}
}
