package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes of [Run].
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// IO is what a command writes to. Err may be written by several goroutines at
// once.
type IO struct {
	Out, Err io.Writer
}

// Run runs the command line args, without the name of the program, and returns
// the exit code. When ctx ends the command stops in good order. Several Runs may
// go on at the same time.
func Run(ctx context.Context, args []string, std IO) int {
	root := newRoot(ctx, std)
	root.SetArgs(append([]string{}, args...)) // never nil, for which cobra takes the arguments of the process
	err := fang.Execute(ctx, root, fang.WithVersion(version()), fang.WithoutManpage(), fang.WithErrorHandler(printError))
	_, usage := errors.AsType[*usageError](err)
	switch {
	case err == nil:
		return exitDone
	case usage:
		return exitUsage
	default:
		return exitFailed
	}
}

func newRoot(ctx context.Context, std IO) *cobra.Command {
	root := &cobra.Command{
		Use:   "statefun",
		Short: "Run stateful functions on one machine",
		Long:  "statefun runs an application of Apache Flink Stateful Functions in one process: it reads the same module.yaml and calls the same functions.",
		Args:  knownCommand,

		SuggestionsMinimumDistance: 2,
		RunE: func(*cobra.Command, []string) error {
			return &usageError{errors.New("no command: write for example statefun run module.yaml"), "statefun"}
		},
	}
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{explainFlag(c, err), c.CommandPath()} })
	root.AddCommand(newRun(ctx, std), newLambdaLocal(ctx, std), newVersion(std))
	return root
}

// usageError is a mistake on the command line.
type usageError struct {
	err     error
	command string // whose help says more
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// knownCommand reports what cobra did not recognise as a command.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return &usageError{err, c.CommandPath()}
}

// explainFlag says what was probably meant by a flag that does not exist.
func explainFlag(c *cobra.Command, err error) error {
	wrong, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	name := wrong.GetSpecifiedName()
	if letters := wrong.GetSpecifiedShortnames(); letters != "" { // -data, or -data=x
		name, _, _ = strings.Cut(letters, "=")
	}
	if c.Flags().Lookup(name) != nil {
		return fmt.Errorf("%w; write --%s", err, name)
	}
	flags := &cobra.Command{SuggestionsMinimumDistance: 2} // cobra knows which names are near
	c.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if near := flags.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("%w; did you mean --%s?", err, strings.Join(near, " or --"))
	}
	return err
}

// needs checks that there is an argument; the error says what it is, and how it
// is written.
func needs(what, example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{fmt.Errorf("name %s: %s %s", what, c.CommandPath(), example), c.CommandPath()}
		}
		return nil
	}
}

// usage makes the errors of an argument check usage errors.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &usageError{err, c.CommandPath()}
		}
		return nil
	}
}

// printError prints a command's error as it is: excerpts of files must keep their
// shape.
func printError(w io.Writer, _ fang.Styles, err error) {
	fmt.Fprintf(w, "statefun: %v\n", err)
	if u, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(w, "%s --help says more\n", u.command)
	}
}
