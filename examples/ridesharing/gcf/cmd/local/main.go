// Command local serves the Google Cloud Function on this machine, by the same
// framework and at the same paths as Google does.
package main

import (
	"flag"
	"log/slog"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	_ "github.com/statefun-go/statefun-go/examples/ridesharing/gcf" // registers the function
)

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	port := flag.String("port", "8000", "port to listen on")
	flag.Parse()

	if err := serve(*host, *port); err != nil {
		slog.Error("the application ended", "error", err)
		os.Exit(1)
	}
}

func serve(host, port string) error {
	// Without a target the framework serves each function at its own path.
	if err := os.Setenv("FUNCTION_TARGET", "Ridesharing"); err != nil {
		return err
	}
	return funcframework.StartHostPort(host, port)
}
