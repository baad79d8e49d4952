package module_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/module"
)

// FuzzParse looks for panics, for hangs, and for modules that break what Parse
// promises.
func FuzzParse(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range hard() {
		if len(s) < 4096 {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := module.Parse("module.yaml", data)
		if err != nil {
			if m != nil {
				t.Error("both a module and an error")
			}
			if !strings.HasPrefix(err.Error(), "module.yaml") {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		checkModule(t, m)
	})
}

// checkModule checks the promises of the doc comments.
func checkModule(t *testing.T, m *module.Module) {
	t.Helper()
	if len(m.Endpoints) == 0 || len(m.Ingresses) != 1 {
		t.Errorf("%d endpoints, %d ingresses", len(m.Endpoints), len(m.Ingresses))
	}
	for _, e := range m.Endpoints {
		name := e.Functions.Name
		if name == "" {
			name = "any"
		}
		if got, ok := m.Endpoint(e.Functions.Namespace, e.Functions.Name); e.Functions.Name != "" && (!ok || got.Position != e.Position) {
			t.Errorf("%s is not found", e.Functions)
		}
		if _, err := e.URL(e.Functions.Namespace, name); err != nil {
			t.Error(err)
		}
		tr := e.Transport
		if tr.Call <= 0 || tr.Connect <= 0 || tr.Read < 0 || tr.Write < 0 || tr.PoolSize <= 0 || tr.PoolTTL < 0 || tr.PayloadMaxBytes <= 0 || e.MaxNumBatchRequests == 0 {
			t.Errorf("out of range: %+v", e)
		}
	}
	for _, e := range m.Egresses {
		if len(e.Topics) == 0 || e.ID.Namespace == "" || e.ID.Name == "" || e.Port < 0 || e.Port > 65535 {
			t.Errorf("incomplete: %+v", e)
		}
	}
}

// hard returns texts that are hard for parsers: deep, long, or exploding.
func hard() map[string]string {
	const n = module.MaxDocumentBytes - 100
	return map[string]string{
		"keys":          strings.Repeat("a: b\n", n/5),
		"keys apart":    keys(n),
		"colons":        strings.Repeat(": ", n/2),
		"key chain":     strings.Repeat("a: ", n/3),
		"anchors":       strings.Repeat("&a ", n/3),
		"tags":          strings.Repeat("!a ", n/3),
		"aliases":       strings.Repeat("*a ", n/3),
		"dashes":        strings.Repeat("- ", n/2),
		"question":      strings.Repeat("? ", n/2),
		"brackets":      strings.Repeat("[", n),
		"braces":        strings.Repeat("{a: ", n/4),
		"flow keys":     "{" + strings.Repeat("a: b,", n/5) + "}",
		"flow question": "[" + strings.Repeat("? ", n/2),
		"flow chain":    "{" + strings.Repeat("a: ", n/3),
		"long key":      strings.Repeat("k", n/2) + ":\n" + strings.Repeat("  a: b\n", n/14),
		"directives":    strings.Repeat("%YAML 1.2\n", n/10),
		"documents":     strings.Repeat("---\n", n/4),
		"ends":          strings.Repeat("...\n", n/4),
		"one document":  strings.Repeat("--- a\n", n/6),
		"stairs":        stairs(n),
		"quote":         `a: "` + strings.Repeat(`\x`, n/2),
		"short":         "[[[[{{{{&a *a !a - ? : ---",
	}
}

func keys(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n-10; i++ {
		b.WriteString("k" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + ":\n")
	}
	return b.String()
}

// stairs indents each line more than the one before.
func stairs(n int) string {
	var b strings.Builder
	for i := 0; b.Len()+2*i < n-10; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
