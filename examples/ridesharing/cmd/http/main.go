// Command http serves the ridesharing application over HTTP.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/ridesharing"
	"github.com/statefun-go/statefun-go/examples/ridesharing/dispatch"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	patience := dispatch.DefaultPatience
	addr := flag.String("addr", "127.0.0.1:8000", "address to listen on: host:port, or unix:/path.sock")
	flag.DurationVar(&patience.Search, "search", patience.Search, "how long a ride waits for a free driver")
	flag.DurationVar(&patience.Offer, "offer", patience.Offer, "how long a ride waits for a driver's answer")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler := statefun.MustNew(ridesharing.Functions(patience), ridesharing.Options(logger))
	options := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: logger}}
	if err := statefunhttp.Serve(context.Background(), *addr, handler, options); err != nil {
		logger.Error("the application ended", "error", err)
		os.Exit(1)
	}
}
