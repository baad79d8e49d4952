package e2e_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// serve serves functions over HTTP, in this process, until the test ends. It
// returns their URL.
func serve(t *testing.T, functions []statefun.Function, opts *statefun.Options) string {
	t.Helper()
	handler, err := statefun.New(functions, opts)
	if err != nil {
		t.Fatal(err)
	}
	return serveAt(t, "127.0.0.1:0", handler)
}

// serveSocket serves the functions of all scenarios behind a unix socket.
func serveSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return serveAt(t, "unix:"+filepath.Join(dir, "functions.sock"), allFunctions(t))
}

// serveAt serves a handler at an address and returns the URL for module files.
func serveAt(t *testing.T, addr string, handler *statefun.Handler) string {
	t.Helper()
	l, err := statefunhttp.Listen(t.Context(), addr, 0o660)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	quietly := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: quietLog}}
	go func() { done <- statefunhttp.ServeListener(ctx, l, handler, quietly) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if l.Addr().Network() == "unix" {
		return "http+unix://" + l.Addr().String() + "/{function.name}"
	}
	return "http://" + l.Addr().String() + "/{function.name}"
}

func allFunctions(t *testing.T) *statefun.Handler {
	t.Helper()
	handler, err := registry(scenarios()...)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// busy is how long each call of the greeter takes that is a process: then some
// run whenever it ends.
const busy = 20 * time.Millisecond

// linger makes each batch take some time.
func linger(d time.Duration) statefun.BatchMiddleware {
	return func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			<-time.After(d)
			return next(ctx, b)
		}
	}
}

// serveGreeter is the role of a child: the greeter, slowly, until SIGTERM.
func serveGreeter(addr string) error {
	handler, err := statefun.New(greeter.Functions(), &statefun.Options{Batch: []statefun.BatchMiddleware{linger(busy)}})
	if err != nil {
		return err
	}
	opts := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}}
	return statefunhttp.Serve(context.Background(), addr, handler, opts)
}

// launch finds an address for a greeter that is a process, which start then
// starts. It returns its URL, too.
func launch(t *testing.T) (*child, string) {
	t.Helper()
	_, addr := vacant(t)
	c := &child{role: roleGreeter, arg: addr}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Log(c.said.String())
		}
	})
	return c, "http://" + addr + "/{function.name}"
}
