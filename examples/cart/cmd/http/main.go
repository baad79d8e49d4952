// Command http serves the shop over HTTP.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/cart"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "address to listen on: host:port, or unix:/path.sock")
	hold := flag.Duration("hold", cart.DefaultHold, "how long goods are kept for a cart")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler := statefun.MustNew(cart.Functions(*hold), &statefun.Options{Logger: logger})
	options := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: logger}}
	if err := statefunhttp.Serve(context.Background(), *addr, handler, options); err != nil {
		logger.Error("the shop ended", "error", err)
		os.Exit(1)
	}
}
