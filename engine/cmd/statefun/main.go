// Command statefun runs an application of stateful functions on one machine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/statefun-go/statefun-go/engine/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal drains; the second one is not caught
	os.Exit(cli.Run(ctx, os.Args[1:], cli.IO{Out: os.Stdout, Err: os.Stderr}))
}
