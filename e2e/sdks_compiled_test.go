package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// compiledSDKs are the SDKs of languages whose programs are compiled first.
func compiledSDKs() []sdk {
	return []sdk{
		{"go", needsGo, serveGo},
		{"java", func() error { return shared.fetch("sdks/java") }, serveJava},
	}
}

func needsGo() error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("%w: go is missing: install Go, 1.26 or later: %w", java.ErrUnavailable, err)
	}
	return nil
}

// serveGo starts the program; it ends with its standard input.
func serveGo(t *testing.T) string {
	t.Helper()
	port, addr := vacant(t)
	attend(t, exec.Command(build(t, "sdks/go", "."), port, holdMillis()), addr)
	return "http://" + addr
}

// serveJava compiles the program and starts it; it ends with the test.
func serveJava(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	path, err := compiled(ctx, "sdks/java")
	if err != nil {
		t.Fatal(err)
	}
	port, addr := vacant(t)
	p, err := shared.tools.Start(ctx, java.Command{
		Name: t.Name(), ClassPath: path,
		Main: "Functions", Args: []string{port, holdMillis()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Log(p.Tail(40))
		}
	})
	if err := p.Await(ctx, func(ctx context.Context) error { return listens(ctx, addr) }); err != nil {
		t.Fatal(err)
	}
	return "http://" + addr
}

// compiled compiles the sources of a Maven project, with Leash, and returns the
// class path.
func compiled(ctx context.Context, dir string) ([]string, error) {
	project, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	sources, err := filepath.Glob(filepath.Join(project, "*.java"))
	if err != nil {
		return nil, err
	}
	jars, err := shared.tools.ClassPath(ctx, project)
	if err != nil {
		return nil, err
	}
	sources = append(sources, filepath.Join(shared.runtimes, "Leash.java"))
	classes, err := shared.tools.Compile(ctx, "sdk-"+filepath.Base(dir), jars, sources...)
	return []string{classes, jars}, err
}
