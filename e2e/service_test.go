package e2e_test

import (
	"context"
	"net"
	"os"
	"testing"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- statefunhttp.ServeListener(ctx, l, handler, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/{function.name}"
}

// serving serves functions instead of testing, where the environment says so.
func serving() bool {
	return os.Getenv("E2E_SERVE") != ""
}
