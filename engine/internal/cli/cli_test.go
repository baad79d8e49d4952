package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/internal/cli"
)

// run runs a command line that ends by itself.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), args, cli.IO{Out: &out, Err: &err})
	return code, out.String(), err.String()
}

// write makes a file in a directory of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWrongCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{"no command", "statefun run module.yaml"}},
		{"rum module.yaml", []string{`unknown command "rum"`, "did you mean run?"}},
		{"--nothing", []string{"unknown flag: --nothing", "statefun --help"}},
		{"run", []string{"name a module file: statefun run module.yaml", "statefun run --help"}},
		{"lambda-local", []string{"statefun lambda-local ./bootstrap"}},
		{"run --dat x module.yaml", []string{"unknown flag: --dat", "did you mean --data?"}},
		{"run --dta x module.yaml", []string{"unknown flag: --dta", "did you mean --data?"}},
		{"run -data x module.yaml", []string{"write --data"}},
		{"run -data=x module.yaml", []string{"write --data\n"}},
		{"run -x module.yaml", []string{"unknown shorthand flag: 'x' in -x\n"}},
		{"run --on-failure ignore module.yaml", []string{"--on-failure", "use retry, flink"}},
		{"run --log-format xml module.yaml", []string{"use auto, text, json"}},
		{"run --log-level loud module.yaml", []string{"use debug, info, warn, error"}},
		{"run --shutdown-timeout -1s module.yaml", []string{"must be longer than zero"}},
		{"version now", []string{"statefun version --help"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, strings.Fields(c.args)...)
			if code != 2 || stdout != "" {
				t.Errorf("code %d, standard output %q", code, stdout)
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not contain %q", stderr, want)
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing.yaml")
	code, stdout, stderr := run(t, "run", path)
	if code != 1 || stdout != "" || !strings.Contains(stderr, path) || !strings.Contains(stderr, "no such file") {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}

func TestBrokenModule(t *testing.T) {
	t.Parallel()
	path := write(t, "module.yaml", "kind: io.statefun.playground.v1/ingress\nspec:\n  prot: 8090\n")
	code, stdout, stderr := run(t, "run", path)
	want := "statefun: " + path + `:3:3: unknown key "prot" in spec; did you mean port? (valid: port)
  2 | spec:
> 3 |   prot: 8090
    |   ^
`
	if code != 1 || stdout != "" || stderr != want {
		t.Errorf("code %d, standard output %q, got:\n%s\nwant:\n%s", code, stdout, stderr, want)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := run(t, "version")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "statefun ") || !strings.Contains(stdout, runtime.Version()) {
		t.Errorf("code %d, %q, %q", code, stdout, stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{"--help": "run", "run --help": "--on-failure", "help run": "--data"} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}
