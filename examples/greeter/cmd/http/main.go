// Command http serves the greeter over HTTP.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "address to listen on: host:port, or unix:/path.sock")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler := statefun.MustNew(greeter.Functions(), &statefun.Options{Logger: logger})
	options := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: logger}}
	if err := statefunhttp.Serve(context.Background(), *addr, handler, options); err != nil {
		logger.Error("the greeter ended", "error", err)
		os.Exit(1)
	}
}
