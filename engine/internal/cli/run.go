package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/engine/playground"
	"github.com/statefun-go/statefun-go/engine/store"
)

// runFlags are the flags of statefun run.
type runFlags struct {
	data            string
	host            string
	onFailure       choice
	logFormat       choice
	logLevel        choice
	shutdownTimeout time.Duration
}

func newRun(ctx context.Context, std IO) *cobra.Command {
	f := &runFlags{
		onFailure: choice{engine.Retry.String(), []string{engine.Retry.String(), engine.Flink.String()}},
		logFormat: choice{"auto", []string{"auto", "text", "json"}},
		logLevel:  choice{"info", []string{"debug", "info", "warn", "error"}},
	}
	c := &cobra.Command{
		Use:   "run module.yaml...",
		Short: "Run the application that module files describe",
		Long: "run reads module files, which together describe one application, and runs it until SIGINT or SIGTERM. " +
			"It then takes no new messages, finishes the calls in flight and ends; a second signal ends it at once. " +
			"Either way nothing is lost: state, waiting messages and timers are in the data directory.",
		Example: "statefun run module.yaml\nstatefun run --data /var/lib/orders functions.yaml io.yaml",
		Args:    needs("a module file", "module.yaml"),
		RunE: func(c *cobra.Command, files []string) error {
			if f.shutdownTimeout <= 0 {
				return &usageError{errors.New("--shutdown-timeout must be longer than zero"), c.CommandPath()}
			}
			return run(ctx, std, files, f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.data, "data", "", "directory of the application's data, made if missing (by default .statefun/ and the name of the module file, or of its directory)")
	flags.StringVar(&f.host, "host", playground.DefaultHost, "address that the playground's ingress and egresses listen on; 0.0.0.0 opens them to the network")
	flags.Var(&f.onFailure, "on-failure", "when a function fails: retry (back off, for ever) or flink (stop where Flink fails its job)")
	flags.Var(&f.logFormat, "log-format", "format of the log: auto (text on a terminal, otherwise json), text or json")
	flags.Var(&f.logLevel, "log-level", "lowest level that is logged: debug, info, warn or error")
	flags.DurationVar(&f.shutdownTimeout, "shutdown-timeout", 10*time.Second, "longest wait for calls in flight when stopping")
	return c
}

// run is the command statefun run, with its flags checked.
func run(ctx context.Context, std IO, files []string, f *runFlags) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel.value)); err != nil {
		return err
	}
	policy, err := engine.ParsePolicy(f.onFailure.value)
	if err != nil {
		return err
	}
	m, err := module.Load(files...)
	if err != nil {
		return err
	}
	logger := newLogger(std.Err, f.logFormat.value, level)
	for _, w := range m.Warnings {
		logger.Warn("module file", "at", w.Position.String(), "warning", w.Message)
	}
	dir := f.data
	if dir == "" {
		dir = defaultData(files[0])
	}
	a, err := app.Open(&app.Options{ //nolint:contextcheck // what it opens outlives the signal that ends ctx
		Module: m, Dir: dir, Host: f.host, OnFailure: policy, DrainTimeout: f.shutdownTimeout, Logger: logger,
	})
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%w: stop that one, or give --data another directory", err)
	}
	if err != nil {
		return err
	}
	started := summary{files: files, module: m, data: dir, policy: policy, ingresses: a.IngressURLs(), egresses: a.EgressURLs()}
	if isJSON(std.Err, f.logFormat.value) {
		started.log(logger)
	} else {
		started.print(std.Err)
	}
	if err := runTold(ctx, a, logger); err != nil {
		return err
	}
	logger.Info("stopped", "data", dir)
	return nil
}

// runTold runs an application and says when it begins to stop.
func runTold(ctx context.Context, a *app.App, logger *slog.Logger) error {
	var watch sync.WaitGroup
	ended := make(chan struct{})
	watch.Go(func() {
		select {
		case <-ctx.Done():
			logger.Info("stopping: calls in flight may end; a second signal ends at once")
		case <-ended:
		}
	})
	err := a.Run(ctx)
	close(ended)
	watch.Wait()
	return err
}

// defaultData returns the data directory of an application: .statefun and the
// name of its first module file, or, if that is module.yaml, of the directory
// that the file is in.
func defaultData(file string) string {
	base := filepath.Base(file)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if name == "module" {
		if abs, err := filepath.Abs(file); err == nil {
			name = filepath.Base(filepath.Dir(abs))
		}
	}
	name = strings.Trim(strings.Map(fileNameRune, name), ".-")
	if name == "" {
		name = "module"
	}
	return filepath.Join(".statefun", name)
}

// fileNameRune replaces what is awkward in the name of a directory.
func fileNameRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
		return r
	}
	return '-'
}

// choice is a flag with a fixed set of values.
type choice struct {
	value   string
	allowed []string
}

// String returns the value.
func (c *choice) String() string { return c.value }

// Set checks the value and keeps it.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("use %s", strings.Join(c.allowed, ", "))
	}
	c.value = s
	return nil
}

// Type returns what help shows in the place of the value.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }
