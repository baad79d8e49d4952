// Command demo shows an example on the embedded engine; it is what make run
// starts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/statefun-go/statefun-go/engine/internal/demo"
)

func main() {
	var o demo.Options
	flag.BoolVar(&o.Once, "once", false, "end when the script is over, with exit code 0 if all answers were right")
	flag.StringVar(&o.Example, "example", "greeter", "a directory below examples/")
	flag.StringVar(&o.Data, "data", "", "directory of the engine's data (by default .statefun/ and the example)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	if o.Data == "" {
		o.Data = filepath.Join(".statefun", o.Example)
	}
	o.Out = os.Stdout
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := demo.Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
