package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// lambdaFlags are the flags of statefun lambda-local.
type lambdaFlags struct {
	options         lambdalocal.Options
	event           choice
	host            string
	port            int
	logFormat       choice
	logLevel        choice
	shutdownTimeout time.Duration
}

func newLambdaLocal(ctx context.Context, std IO) *cobra.Command {
	f := &lambdaFlags{
		event:     choice{string(lambdalocal.HTTPAPI), eventNames()},
		logFormat: choice{"auto", []string{"auto", "text", "json"}},
		logLevel:  choice{"info", []string{"debug", "info", "warn", "error"}},
	}
	c := &cobra.Command{
		Use:   "lambda-local bootstrap [-- argument...]",
		Short: "Serve a Lambda function behind a gateway on this machine",
		Long: "lambda-local runs the program of a Lambda function, as it would be uploaded but built for this machine, and serves it over HTTP " +
			"as an API Gateway, a Function URL or a load balancer does: with the same events, limits, timeouts and failures. " +
			"Bootstraps are started when requests come, and end with the command.",
		Example: "statefun lambda-local ./bootstrap --port 9000\n" +
			"statefun lambda-local ./bootstrap --event rest --binary-media-types '*/*' --env LOG_LEVEL=debug",
		Args: needs("the program of a Lambda function", "./bootstrap"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.shutdownTimeout <= 0 {
				return &usageError{errors.New("--shutdown-timeout must be longer than zero"), c.CommandPath()}
			}
			f.options.Bootstrap, f.options.Args = args[0], args[1:]
			return lambdaLocal(ctx, std, f)
		},
	}
	f.register(c)
	return c
}

func (f *lambdaFlags) register(c *cobra.Command) {
	flags, o := c.Flags(), &f.options
	flags.Var(&f.event, "event", "what stands in front of the function: "+strings.Join(eventNames(), ", "))
	flags.StringVar(&f.host, "host", "127.0.0.1", "address to listen on; 0.0.0.0 opens it to the network")
	flags.IntVar(&f.port, "port", 9000, "port to listen on; 0 takes a free one")
	flags.StringSliceVar(&o.BinaryMediaTypes, "binary-media-types", nil, "binary media types of a REST API, such as '*/*'; without any it mangles binary bodies")
	flags.StringVar(&o.Stage, "stage", "", "stage of an API, which its paths then begin with")
	flags.DurationVar(&o.Timeout, "timeout", lambdalocal.DefaultTimeout, "timeout of the function")
	flags.IntVar(&o.Memory, "memory", 512, "memory that the function is told that it has, in MiB; nothing enforces it")
	flags.IntVar(&o.Environments, "environments", 4, "most bootstraps that run at the same time")
	flags.IntVar(&o.Concurrency, "concurrency", 1, "invocations at the same time in one bootstrap, as AWS_LAMBDA_MAX_CONCURRENCY has it")
	flags.BoolVar(&o.Freeze, "freeze", false, "stop bootstraps between invocations, as Lambda does")
	flags.BoolVar(&o.Throttle, "throttle", false, "refuse requests when all bootstraps are busy, as Lambda does, in place of letting them wait")
	flags.StringArrayVar(&o.Env, "env", nil, "environment of the function, NAME=value; may be repeated, nothing is inherited")
	flags.Var(&f.logFormat, "log-format", "format of the log: auto (text on a terminal, otherwise json), text or json")
	flags.Var(&f.logLevel, "log-level", "lowest level that is logged: debug, info, warn or error")
	flags.DurationVar(&f.shutdownTimeout, "shutdown-timeout", 10*time.Second, "longest wait for requests in flight when stopping")
}

func eventNames() []string {
	var names []string
	for _, e := range lambdalocal.Events() {
		names = append(names, string(e))
	}
	return names
}

// lambdaLocal is the command statefun lambda-local.
func lambdaLocal(ctx context.Context, std IO, f *lambdaFlags) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel.value)); err != nil {
		return err
	}
	logger := newLogger(std.Err, f.logFormat.value, level)
	f.options.Event, f.options.Logger, f.options.Log = lambdalocal.Event(f.event.value), logger, std.Err
	if isJSON(std.Err, f.logFormat.value) {
		f.options.Log = outputLog{logger} // all lines are JSON, then
	}
	// Requests in flight outlive the signal that ends ctx.
	function, err := lambdalocal.Start(context.WithoutCancel(ctx), &f.options)
	if err != nil {
		return err
	}
	defer function.Close() //nolint:errcheck // where it matters it has been closed
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(f.host, strconv.Itoa(f.port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d is taken: stop the program that listens there (lsof -i :%d shows it) or give --port another one: %w", f.port, f.port, err)
	}
	if err != nil {
		return err
	}
	if f.options.Event == lambdalocal.REST && len(f.options.BinaryMediaTypes) == 0 {
		logger.Warn("a REST API without binary media types mangles binary bodies: pass --binary-media-types '*/*'")
	}
	url := "http://" + readable(listener.Addr()) + "/" + f.options.Stage
	logger.Info("ready", "url", url, "event", f.event.value, "bootstrap", f.options.Bootstrap)
	err = serveLambda(ctx, listener, function, logger, f.shutdownTimeout)
	if err = errors.Join(err, function.Close()); err == nil {
		logger.Info("stopped")
	}
	return err
}

// outputLog logs what bootstraps write, each line as a record.
type outputLog struct{ logger *slog.Logger }

// Write takes one line.
func (o outputLog) Write(line []byte) (int, error) {
	o.logger.Info("function", "output", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// serveLambda serves until ctx ends, and lets requests in flight end.
func serveLambda(ctx context.Context, l net.Listener, h http.Handler, logger *slog.Logger, patience time.Duration) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	logger.Info("stopping: requests in flight may end; a second signal ends at once")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests still ran after %v and were cut off: %w", patience, errors.Join(err, server.Close()))
	}
	return nil
}

// readable returns an address that a client on this machine can call.
func readable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return a.String()
}
