package module_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/module"
)

var update = flag.Bool("update", false, "rewrite the files testdata/*.txt")

// TestGolden reads each testdata/x.yaml and compares what comes out, the module or
// the mistakes, with testdata/x.txt.
func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs in testdata: %v", err)
	}
	for _, input := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(input), ".yaml"), func(t *testing.T) {
			t.Parallel()
			m, err := module.Load(filepath.ToSlash(input))
			if bad := strings.HasPrefix(filepath.Base(input), "bad-"); bad != (err != nil) {
				t.Errorf("the name of the file says that bad is %v, the error is %v", bad, err)
			}
			compare(t, strings.TrimSuffix(input, ".yaml")+".txt", render(m, err))
		})
	}
}

// compare compares got with a file, or writes it there under -update.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// render writes what a golden file holds.
func render(m *module.Module, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, e := range m.Endpoints {
		fmt.Fprintf(&b, "%s: endpoint %s\n  url %s\n  max batch %d\n  %+v\n", e.Position, e.Functions, e.URLPathTemplate, e.MaxNumBatchRequests, e.Transport)
	}
	for _, in := range m.Ingresses {
		fmt.Fprintf(&b, "%s: ingress\n  port %d\n", in.Position, in.Port)
	}
	for _, e := range m.Egresses {
		fmt.Fprintf(&b, "%s: egress %s\n  port %d\n  topics %q\n", e.Position, e.ID, e.Port, e.Topics)
	}
	for _, w := range m.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}
