package statefungcf_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// What Google's build does with the directory of a Go function:
// GoogleCloudPlatform/buildpacks, cmd/go/functions_framework/lib/lib.go@a828255.
const (
	sourceDir        = "serverless_function_source_code" // where it moves what was uploaded
	mainDir          = "functions.local/app"             // where it writes a main, below that
	framework        = "github.com/GoogleCloudPlatform/functions-framework-go"
	functionsPackage = framework + "/functions"
	frameworkPackage = framework + "/funcframework"
)

// mainDeclared is the main for a package that imports functionsPackage, which
// then registers its functions itself.
const mainDeclared = `package main

import (
	"log"
	"os"

	"` + frameworkPackage + `"

	_ "PACKAGE"
)

func main() { log.Fatal(funcframework.Start(os.Getenv("PORT"))) }
`

// mainExported is the main for every other package: it takes the exported
// variable or function of the target's name, and its type for what it is.
const mainExported = `package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"` + frameworkPackage + `"

	userfunction "PACKAGE"
)

func main() {
	function, ok := any(userfunction.TARGET).(func(http.ResponseWriter, *http.Request))
	if !ok {
		log.Fatal("not an HTTP function")
	}
	if err := funcframework.RegisterHTTPFunctionContext(context.Background(), "/", function); err != nil {
		log.Fatal(err)
	}
	log.Fatal(funcframework.Start(os.Getenv("PORT")))
}
`

// deployments are the examples for Google Cloud, and a request to each.
var deployments = map[string]struct {
	target  string // the entry point
	request []byte
	want    []byte // the answer has it
}{
	"greeter": {
		target:  "Greeter",
		request: firstMessage(wire.Address{Namespace: "example", Name: "greeter", ID: "Ann"}, "seen", "example/GreetRequest", `{"name":"Ann"}`),
		want:    []byte("Hello Ann, visit 1"),
	},
	"cart": {
		target:  "Shop",
		request: firstMessage(wire.Address{Namespace: "shop", Name: "cart", ID: "Ann"}, "basket", "shop/Checkout", `{}`),
		want:    []byte("the cart is empty"),
	},
	"ridesharing": {
		target: "Ridesharing",
		request: firstMessage(wire.Address{Namespace: "riders", Name: "passenger", ID: "Ann"}, "account",
			"type.googleapis.com/ridesharing.v1.RequestRide", "\n\x05mitte"),
		want: []byte("Ann-1"),
	},
}

// firstMessage is a request with one message for an address whose state is
// empty.
func firstMessage(to wire.Address, state, typename, value string) []byte {
	return wire.AppendRequest(nil, &wire.Request{
		HasTarget: true, Target: to, HasBatch: true, States: []wire.State{{Name: state}},
		Invocations: []wire.Invocation{{
			HasArgument: true,
			Argument:    wire.AppendValue(nil, wire.V3, wire.Value{TypeName: typename, Has: true, Data: []byte(value)}),
		}},
	})
}

// TestReplay does with each example what a deployment does, up to an answer
// over HTTP.
func TestReplay(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("../../examples/*/gcf/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, module := range modules {
		dir := filepath.Dir(module)
		example := filepath.Base(filepath.Dir(dir))
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			deployment, known := deployments[example]
			if !known {
				t.Fatalf("say in deployments how to call %s", dir)
			}
			source := upload(t, dir)
			for _, fault := range faults(os.DirFS(source)) {
				t.Fatal(fault)
			}
			for name, text := range map[string]string{"declared": mainDeclared, "exported": mainExported} {
				program := build(t, source, deployment.target, text)
				p := start(t, program, "PORT", "FUNCTION_TARGET="+deployment.target, "CLOUD_RUN_TIMEOUT_SECONDS=60")
				got := ask(t, p.url, post(deployment.request))
				if got.status != http.StatusOK || got.contentType != "application/octet-stream" || !bytes.Contains(got.body, deployment.want) {
					t.Errorf("%s: %d %s %q\n%s", name, got.status, got.contentType, got.body, p.out)
				}
				if got := ask(t, p.url, post([]byte("\xff"))); got.status != http.StatusBadRequest {
					t.Errorf("%s: status %d for what is no request", name, got.status)
				}
			}
		})
	}
}

// upload returns a directory with what gcloud would upload, moved to where the
// build moves it.
func upload(t *testing.T, dir string) string {
	t.Helper()
	prepared := filepath.Join(t.TempDir(), "prepared")
	script, err := filepath.Abs("../../.ci/gcf-upload")
	if err != nil {
		t.Fatal(err)
	}
	run(t, ".", nil, "bash", script, dir, prepared)
	// gcloud reads .gcloudignore as git reads .gitignore.
	run(t, prepared, nil, "git", "init", "--quiet")
	listed := run(t, prepared, nil, "git", "ls-files", "--others", "--exclude-from=.gcloudignore", "-z")
	source := filepath.Join(t.TempDir(), sourceDir)
	for name := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(prepared, name))
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return source
}

// build builds the program that an instance runs, with one of the mains.
func build(t *testing.T, source, target, text string) string {
	t.Helper()
	if version := goTool(t, source, "list", "-m", "-f", "{{.Version}}", framework); !strings.HasPrefix(version, "v") {
		t.Fatalf("no version of the framework: %q", version)
	}
	module := strings.TrimSpace(goTool(t, source, "list", "-m"))
	text = strings.NewReplacer("PACKAGE", module, "TARGET", target).Replace(text)
	dir := filepath.Join(source, filepath.FromSlash(mainDir))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "main")
	// Without paths in it, the same package of the next run is in the cache.
	goTool(t, source, "build", "-trimpath", "-o", program, dir)
	return program
}

// goTool runs the go command as Google's build does: outside of any workspace.
// Here it has no network either, so that vendor/ must have everything.
func goTool(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return run(t, dir, []string{"GOWORK=off", "GOPROXY=off", "GOFLAGS=", "GOTOOLCHAIN=local", "CGO_ENABLED=0"}, "go", args...)
}

// run runs a command in dir, with env on top of our own environment, and
// returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	// A hook of git that runs tests has its own repository in the environment.
	ours := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(ours, env...)
	out, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		t.Fatalf("%v: %v\n%s", cmd, err, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	return string(out)
}

// faults returns why Google's build would refuse an upload.
func faults(source fs.FS) []string {
	var found []string
	packages, imports := map[string]bool{}, map[string]bool{}
	files, err := fs.Glob(source, "*.go")
	if err != nil {
		return []string{err.Error()}
	}
	for _, name := range files {
		file, err := parse(source, name)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		packages[file.Name.Name] = true
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			imports[imported] = err == nil
		}
	}
	names := slices.Sorted(maps.Keys(packages))
	if len(names) != 1 {
		found = append(found, "not one package at the root: "+strings.Join(names, ", "))
	}
	if packages["main"] {
		found = append(found, "package main at the root cannot be imported")
	}
	if !imports[functionsPackage] {
		found = append(found, "the root does not import "+functionsPackage+": its functions are not registered by their names")
	}
	return append(found, moduleFaults(source)...)
}

// moduleFaults returns what is wrong with an upload as a module.
func moduleFaults(source fs.FS) []string {
	mod, err := fs.ReadFile(source, "go.mod")
	if err != nil {
		return []string{"no go.mod: " + err.Error()}
	}
	var found []string
	_, rest, _ := strings.Cut(string(mod), "module ")
	module, _, _ := strings.Cut(rest, "\n")
	if domain, _, _ := strings.Cut(module, "/"); !strings.Contains(domain, ".") {
		found = append(found, "the module's path does not begin with a domain: "+module)
	}
	_, err = fs.Stat(source, "vendor")
	switch vendored := err == nil; {
	case !vendored && bytes.Contains(mod, []byte("=> ..")):
		found = append(found, "go.mod replaces a module by one outside of the upload, and there is no vendor/")
	case vendored:
		if _, err := fs.Stat(source, path.Join("vendor", frameworkPackage)); err != nil {
			found = append(found, "vendor/ lacks "+frameworkPackage+": import it, if only by a blank import")
		}
	}
	return found
}

func parse(source fs.FS, name string) (*ast.File, error) {
	data, err := fs.ReadFile(source, name)
	if err != nil {
		return nil, err
	}
	return parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tree := func(files ...string) fstest.MapFS {
		tree := fstest.MapFS{
			"function.go":     {Data: []byte("package f\n\nimport _ \"" + functionsPackage + "\"\n")},
			"cmd/x/main.go":   {Data: []byte("package main\n")},
			"function_two.go": {Data: []byte("package f\n")},
			"go.mod":          {Data: []byte("module example.com/f\n\ngo 1.26\n")},
		}
		for i := 0; i+1 < len(files); i += 2 {
			tree[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
		}
		return tree
	}
	for _, tt := range []struct {
		name   string
		source fs.FS
		want   string
	}{
		{"nothing", tree(), ""},
		{"vendored", tree("vendor/"+frameworkPackage+"/x.go", "", "go.mod", "module example.com/f\n\nreplace example.com/g => ../..\n"), ""},
		{"tests of their own package", tree("f_test.go", "package f_test\n"), "f, f_test"},
		{"a main", tree("main.go", "//go:build ignore\n\npackage main\n"), "f, main"},
		{"only a main", tree("function.go", "package main\n", "function_two.go", "package main\n"), "cannot be imported"},
		{"registered elsewhere", tree("function.go", "package f\n"), "does not import"},
		{"no Go", tree("function.go", "package 1"), "function.go"},
		{"no domain", tree("go.mod", "module f/g\n"), "domain: f/g"},
		{"outside", tree("go.mod", "module example.com/f\n\nreplace example.com/g => ../..\n"), "outside"},
		{"framework not vendored", tree("vendor/"+functionsPackage+"/x.go", ""), "blank import"},
		{"no module", fstest.MapFS{}, "no go.mod"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(faults(tt.source), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("faults %q, want one about %q", got, tt.want)
			}
		})
	}
}
