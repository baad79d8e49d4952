package e2e_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// compiledSDKs are the SDKs of languages whose programs are compiled first.
func compiledSDKs() []sdk {
	return []sdk{
		{"go", needsGo, serveGo},
		{"java", needsFlink, serveJava},
	}
}

func needsGo() error {
	_, err := exec.LookPath("go")
	return err
}

// serveGo starts the program; it ends with its standard input.
func serveGo(t *testing.T) string {
	t.Helper()
	port, addr := vacant(t)
	attend(t, exec.Command(build(t, "sdks/go", "."), port, holdMillis()), addr)
	return "http://" + addr
}

func vacant(t *testing.T) (port, addr string) {
	t.Helper()
	ports, err := java.FreePorts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(ports[0])
	return port, net.JoinHostPort("127.0.0.1", port)
}

func holdMillis() string { return strconv.FormatInt(hold.Milliseconds(), 10) }

// serveJava compiles the program and starts it; it ends with the test.
func serveJava(t *testing.T) string {
	t.Helper()
	project, err := filepath.Abs("sdks/java")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob(filepath.Join(project, "*.java"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience) // the first download is part of it
	defer cancel()
	jars, err := shared.tools.ClassPath(ctx, project)
	if err != nil {
		t.Fatal(err)
	}
	classes, err := shared.tools.Compile(ctx, "sdk", jars, append(sources, filepath.Join(shared.runtimes, "Leash.java"))...)
	if err != nil {
		t.Fatal(err)
	}
	port, addr := vacant(t)
	p, err := shared.tools.Start(ctx, java.Command{
		Name: t.Name(), ClassPath: []string{classes, jars},
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

// listens reports whether somebody takes connections.
func listens(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
