package statefun_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// exampleT stands for the *testing.T that a test would hand to statefuntest.
type exampleT struct{ testing.TB }

func (exampleT) Helper()                           {}
func (exampleT) Cleanup(func())                    {}
func (exampleT) Output() io.Writer                 { return io.Discard }
func (exampleT) Context() context.Context          { return context.Background() }
func (exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// run starts the functions in memory.
func run(opts *statefun.Options, fns ...statefun.Function) *statefuntest.Runtime {
	return statefuntest.New(exampleT{}, fns, &statefuntest.Options{Handler: opts})
}

// defineOn returns a function with one case.
func defineOn[T any](name statefun.TypeName, t statefun.Type[T], f func(inv *statefun.Invocation, msg T) error, parts ...statefun.Part) statefun.Function {
	on := statefun.On(t, func(_ context.Context, inv *statefun.Invocation, msg T) error { return f(inv, msg) })
	return statefun.Define(name, append(parts, on)...)
}
