// Package statefungo_test checks the house: who may import whom, what the
// module requires, what its files must not say. Each check is a function of
// what it reads, and is tried below on something that it must find.
package statefungo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/statefun-go/statefun-go"

// layer says what packages may import.
type layer struct {
	packages []string          // paths in this module; "x/..." is x and what is below
	ours     []string          // packages of this module, in the same form; tests are free
	libs     []string          // other modules' packages by prefix, also for tests
	not      map[string]string // packages not to import directly, and why
	never    map[string]string // packages not to have, not even behind others, and why
}

const protobuf = "google.golang.org/protobuf"

var (
	noTransport = map[string]string{
		"net/http": "whoever answers over something else would carry it; transport belongs in adapters/",
	}
	quiet = map[string]string{
		"os":  "the core reads no files and no environment",
		"log": "use the *slog.Logger of Options",
	}
)

// layers lists every package of the root module, each once. What is not
// mentioned here does not pass: say first who may import it.
var layers = []layer{
	{packages: []string{""}},
	{packages: []string{"internal/wire"}, libs: []string{protobuf}, not: quiet, never: noTransport},
	{packages: []string{"internal/semantics"}, ours: []string{"internal/wire"}, libs: []string{protobuf}, not: quiet, never: noTransport},
	{packages: []string{"internal/vectors"}},
	{packages: []string{"internal/wire/wiretest"}, ours: []string{"internal/wire"}, libs: []string{protobuf}},
	{packages: []string{"statefun"}, ours: []string{"internal/wire"}, libs: []string{protobuf}, not: quiet, never: noTransport},
	{
		packages: []string{"statefun/statefuntest"},
		ours:     []string{"statefun", "internal/wire", "internal/semantics"}, libs: []string{protobuf}, never: noTransport,
	},
	{packages: []string{"adapters/internal/reply"}, ours: []string{"statefun"}, not: quiet, never: noTransport},
	{packages: []string{"adapters/http/..."}, ours: []string{"statefun", "adapters/internal/reply", "adapters/http/..."}},
	{
		packages: []string{"adapters/lambda/..."},
		ours:     []string{"statefun", "adapters/internal/reply", "adapters/lambda/..."},
		libs:     []string{"github.com/aws/aws-lambda-go", "github.com/awslabs/aws-lambda-go-api-proxy"},
	},
	{
		packages: []string{"adapters/gcf/..."},
		ours:     []string{"statefun", "adapters/internal/reply", "adapters/http", "adapters/gcf/..."}, // a Cloud Function is an HTTP handler
		libs:     []string{"github.com/GoogleCloudPlatform/functions-framework-go"},
	},
	{
		packages: []string{"adapters/parity"}, // tests of all of them, side by side
		libs: []string{
			"github.com/aws/aws-lambda-go", "github.com/awslabs/aws-lambda-go-api-proxy",
			"github.com/GoogleCloudPlatform/functions-framework-go",
		},
	},
	{
		packages: []string{"examples/..."},
		ours:     []string{"statefun/...", "adapters/http", "adapters/lambda", "adapters/gcf", "examples/..."},
		libs:     []string{protobuf, "github.com/aws/aws-lambda-go/lambda", "github.com/GoogleCloudPlatform/functions-framework-go"},
	},
}

// testOnly lists the packages that only tests import.
var testOnly = []string{"internal/vectors", "internal/wire/wiretest", "adapters/parity"}

// engineLayers does the same for the engine, which is free in its libraries.
// It calls functions over the protocol, so it knows no adapter and no SDK;
// its demonstration may name what an adapter has, and its command has the local
// Lambda, which is a place to run functions in.
var engineLayers = []layer{
	{packages: []string{"engine/internal/demo/..."}, ours: []string{"engine/...", "adapters/http"}, libs: []string{""}},
	{packages: []string{"engine/internal/cli"}, ours: []string{"engine/...", "adapters/lambda/lambdalocal"}, libs: []string{""}},
	{packages: []string{"engine/..."}, ours: []string{"engine/...", "internal/wire", "internal/semantics"}, libs: []string{""}},
}

// allowedRequirements are the modules that everyone who imports the SDK gets.
var allowedRequirements = []string{
	protobuf,
	"github.com/aws/aws-lambda-go",
	"github.com/awslabs/aws-lambda-go-api-proxy",
	"github.com/GoogleCloudPlatform/functions-framework-go",
}

// pkg is what `go list -json` says of one package.
type pkg struct {
	ImportPath   string   `json:"ImportPath"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
	Deps         []string `json:"Deps"`
}

func TestImports(t *testing.T) {
	t.Parallel()
	for dir, layers := range map[string][]layer{".": layers, "engine": engineLayers} {
		for _, p := range list(t, dir) {
			for _, fault := range check(layers, p) {
				t.Error(fault)
			}
		}
	}
}

// TestTestOnly checks that what only tests need is in no user's program.
func TestTestOnly(t *testing.T) {
	t.Parallel()
	for _, p := range slices.Concat(list(t, "."), list(t, "engine")) {
		for _, only := range testOnly {
			if slices.Contains(p.Deps, module+"/"+only) {
				t.Errorf("%s has %s behind its imports, which is for tests", p.ImportPath, only)
			}
		}
	}
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	var mod struct {
		Require []struct {
			Path     string `json:"Path"`
			Indirect bool   `json:"Indirect"`
		} `json:"Require"`
		Replace []any `json:"Replace"`
	}
	if err := json.Unmarshal(command(t, ".", "go", "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if !r.Indirect && !slices.Contains(allowedRequirements, r.Path) {
			t.Errorf("go.mod requires %s: tools and test libraries have modules of their own", r.Path)
		}
	}
	if len(mod.Replace) > 0 {
		t.Error("go.mod replaces a module: users would not get the replacement")
	}
}

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	in := func(paths ...string) []string { return paths }
	for _, c := range []struct {
		name string
		pkg  pkg
		want string
	}{
		{"nothing wrong", pkg{ImportPath: "statefun", Imports: in("fmt", module+"/internal/wire", protobuf+"/proto")}, ""},
		{"transport", pkg{ImportPath: "statefun", Imports: in("net/http"), Deps: in("net/http")}, "has net/http"},
		{"transport behind another", pkg{ImportPath: "statefun", Imports: in("expvar"), Deps: in("expvar", "net/http")}, "has net/http"},
		{"environment", pkg{ImportPath: "statefun", Imports: in("os")}, "imports os"},
		{"library", pkg{ImportPath: "internal/wire", Imports: in("github.com/pkg/errors")}, "github.com/pkg/errors"},
		{"library in a test", pkg{ImportPath: "statefun", XTestImports: in("github.com/google/go-cmp/cmp")}, "go-cmp"},
		{"upwards", pkg{ImportPath: "statefun", Imports: in(module + "/adapters/http")}, "adapters/http"},
		{"sideways", pkg{ImportPath: "adapters/http", Imports: in(module + "/adapters/lambda")}, "adapters/lambda"},
		{"past the core", pkg{ImportPath: "adapters/http", Imports: in(module + "/internal/wire")}, "internal/wire"},
		{"engine", pkg{ImportPath: "examples/greeter", Imports: in(module + "/engine")}, "engine"},
		{"engine in a test", pkg{ImportPath: "adapters/http", TestImports: in(module + "/engine")}, "engine"},
		{"package without a layer", pkg{ImportPath: "util"}, "no layer"},
		{"prefix of a name", pkg{ImportPath: "statefunny"}, "no layer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.pkg.ImportPath = module + "/" + c.pkg.ImportPath
			got := strings.Join(check(layers, c.pkg), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("faults %q, want one about %q", got, c.want)
			}
		})
	}
}

// check returns what is wrong with the imports of p.
func check(layers []layer, p pkg) []string {
	name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
	i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.packages, name) })
	if i < 0 {
		return []string{name + ": no layer in arch_test.go says what it may import"}
	}
	l, faults := layers[i], []string(nil)
	for _, imported := range p.Imports {
		if why := l.not[imported]; why != "" {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", name, imported, why))
		}
		if !l.mayImport(imported) {
			faults = append(faults, fmt.Sprintf("%s imports %s, which its layer in arch_test.go does not list", name, imported))
		}
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if !l.mayImportInTest(imported) {
			faults = append(faults, fmt.Sprintf("a test of %s imports %s, which its layer in arch_test.go does not list", name, imported))
		}
	}
	for _, banned := range slices.Sorted(maps.Keys(l.never)) {
		if slices.Contains(p.Deps, banned) {
			faults = append(faults, fmt.Sprintf("%s has %s behind its imports: %s", name, banned, l.never[banned]))
		}
	}
	return faults
}

func (l layer) mayImport(path string) bool {
	if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		return matches(l.ours, ours)
	}
	return l.mayImportForeign(path)
}

// mayImportInTest lets a test see all of the module but what users do not get.
func (l layer) mayImportInTest(path string) bool {
	if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		return !matches([]string{"engine/...", "bench/...", "e2e/..."}, ours) || matches(l.packages, ours) || matches(l.ours, ours)
	}
	return l.mayImportForeign(path) || under(path, protobuf)
}

func (l layer) mayImportForeign(path string) bool {
	standard := !strings.Contains(strings.Split(path, "/")[0], ".")
	return standard || slices.ContainsFunc(l.libs, func(lib string) bool { return under(path, lib) })
}

// matches reports whether name is one of patterns.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if dir, ok := strings.CutSuffix(pattern, "..."); ok {
			return under(name, strings.TrimSuffix(dir, "/"))
		}
		return name == pattern
	})
}

// under reports whether path is dir or below it; all is below "".
func under(path, dir string) bool {
	return dir == "" || path == dir || strings.HasPrefix(path, dir+"/")
}

// list returns the packages of the module in dir, also of one that does not build.
func list(t *testing.T, dir string) []pkg {
	t.Helper()
	out := json.NewDecoder(strings.NewReader(string(command(t, dir, "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./..."))))
	var pkgs []pkg
	for {
		var p pkg
		if err := out.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// command returns what a command prints.
func command(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %v\n%s", cmd, err, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	return out
}
