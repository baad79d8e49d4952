package e2e_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestUnixSocket is the part of scenario 5 that has no port: only Flink's OkHttp
// transport can, on Java 17.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("okhttp"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "e2e") //nolint:usetesting // a socket's path must be short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			socket := filepath.Join(dir, "greeter.sock")
			l, err := statefunhttp.Listen(t.Context(), "unix:"+socket, 0o660)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			quietly := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: slog.New(slog.DiscardHandler)}}
			go func() {
				done <- statefunhttp.ServeListener(ctx, l, statefun.MustNew(greeter.Functions(), nil), quietly)
			}()
			t.Cleanup(func() {
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
			a := greetings
			a.transport = map[string]string{"async": "type: io.statefun.transports.v1/okhttp"} // of the engine
			w := open(t, p, a, "http+unix://"+socket+"/{function.name}")
			records, want := visits(20, 25)
			w.send(records)
			w.equal(want)
		})
	}
}
