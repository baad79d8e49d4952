// Command go is the functions of the scenarios greeter, shop and dialogue,
// written with the official SDK for Go. Its arguments are a port of the loopback
// interface, and how many milliseconds the shop keeps goods for a cart. It ends
// when its standard input does: when whoever started it is gone.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		slog.Error("the functions are not served", "error", err)
		os.Exit(1) //nolint:forbidigo // a program ends itself
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: go PORT HOLD")
	}
	hold, err := time.ParseDuration(args[1] + "ms")
	if err != nil {
		return fmt.Errorf("how long to hold: %w", err)
	}
	functions := statefun.StatefulFunctionsBuilder()
	for _, spec := range []statefun.StatefulFunctionSpec{greeterSpec, cartSpec(hold), stockSpec, askerSpec, echoSpec} {
		if err := functions.WithSpec(spec); err != nil {
			return fmt.Errorf("register %v: %w", spec.FunctionType, err)
		}
	}
	return serve("127.0.0.1:"+args[0], functions.AsHandler())
}

// serve serves until the standard input ends.
func serve(addr string, handler http.Handler) error {
	server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until it ends, whichever way
		_ = server.Close()                   // nobody is left to tell
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
