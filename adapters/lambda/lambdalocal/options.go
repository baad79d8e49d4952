package lambdalocal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Event is the kind of gateway that stands in front of the function, and so the
// shape of its events.
type Event string

// The gateways.
const (
	REST           Event = "rest"            // API Gateway REST API (payload format 1.0)
	HTTPAPI        Event = "http-api"        // API Gateway HTTP API (payload format 2.0)
	HTTPAPIv1      Event = "http-api-v1"     // API Gateway HTTP API with payload format 1.0
	FunctionURL    Event = "function-url"    // the function's own URL
	ALB            Event = "alb"             // Application Load Balancer, as it is by default
	ALBMulti       Event = "alb-multi"       // the same with multi-value headers switched on
	Direct         Event = "direct"          // a caller of the Invoke operation, with the body as a JSON string in base64
	DirectEnvelope Event = "direct-envelope" // the same, with an object {"body", "isBase64Encoded"}
)

// Events lists all kinds of gateways.
func Events() []Event {
	return []Event{HTTPAPI, REST, FunctionURL, ALB, ALBMulti, HTTPAPIv1, Direct, DirectEnvelope}
}

// Options configures [Start]. Only Bootstrap is required.
type Options struct {
	// Bootstrap is the path of the function's program, for the machine that this
	// runs on.
	Bootstrap string
	// Args are arguments for it. Lambda gives none.
	Args []string
	// Env is the function's environment, each "NAME=value". It wins over what
	// Lambda sets; nothing is taken from the environment of this process.
	Env []string

	// Event is the kind of gateway. Empty means [HTTPAPI].
	Event Event
	// BinaryMediaTypes of a REST API ("*/*", "image/*", "application/octet-stream").
	// None, as AWS has it by default, means that all bodies are text, and the
	// bytes that are no UTF-8 are lost. Other gateways must have none.
	BinaryMediaTypes []string
	// Stage of an API: requests have it as the first part of their path. Empty
	// means that it is not in the path, as with "$default" or a custom domain.
	Stage string

	// Timeout of the function. Zero means [DefaultTimeout]; it is at most
	// [MaxTimeout]; negative is an error.
	Timeout time.Duration
	// GatewayTimeout replaces the time that the gateway waits for the function:
	// 29 s (REST), 30 s (HTTP API), 60 s (load balancer), no end (others). Zero
	// means these; negative is an error.
	GatewayTimeout time.Duration

	// Memory is what the function is told that it has, in MiB. Zero means 512;
	// negative is an error. Nothing enforces it.
	Memory int
	// Environments is how many bootstraps run at the same time at most. Zero
	// means 4; negative is an error.
	Environments int
	// Concurrency is how many invocations one environment takes at the same
	// time. Zero means 1, as Lambda has it; more is what Lambda Managed
	// Instances do, and what AWS_LAMBDA_MAX_CONCURRENCY tells the function.
	Concurrency int
	// Freeze stops an environment between invocations (SIGSTOP), as Lambda does.
	// It is an error together with a Concurrency above 1 and on Windows.
	Freeze bool
	// Throttle refuses requests when all environments are busy, as Lambda does
	// at its limit of concurrency. Without it they wait.
	Throttle bool

	// Log takes what bootstraps write, line by line, each with the number of
	// its environment in front. It gets one Write at a time. Nil drops it.
	Log io.Writer
	// Logger takes what happens to environments and invocations, without
	// payloads. Nil means silence.
	Logger *slog.Logger

	// Tests on a busy machine change these.
	initTimeout, settleTimeout, shutdownGrace time.Duration
}

// withDefaults returns a copy with all fields set, and all mistakes joined.
func (o *Options) withDefaults() (Options, error) {
	full := Options{}
	if o != nil {
		full = *o
	}
	err := errors.Join(full.checkBootstrap(), full.checkGateway(), full.checkNumbers())
	if full.Event == "" {
		full.Event = HTTPAPI
	}
	full.Timeout = orDefault(full.Timeout, DefaultTimeout)
	full.initTimeout = orDefault(full.initTimeout, initTimeout)
	full.settleTimeout = orDefault(full.settleTimeout, settleTimeout)
	full.shutdownGrace = orDefault(full.shutdownGrace, shutdownGrace)
	full.Memory = orDefault(full.Memory, 512)
	full.Environments = orDefault(full.Environments, 4)
	full.Concurrency = orDefault(full.Concurrency, 1)
	if full.Log == nil {
		full.Log = io.Discard
	}
	if full.Logger == nil {
		full.Logger = slog.New(slog.DiscardHandler)
	}
	return full, err
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// checkBootstrap looks for the program, and makes its path independent of the
// working directory.
func (o *Options) checkBootstrap() error {
	if o.Bootstrap == "" {
		return errors.New("no Bootstrap: name the program of the function")
	}
	path, err := filepath.Abs(o.Bootstrap)
	if err != nil {
		return err
	}
	o.Bootstrap = path
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("option Bootstrap: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("option Bootstrap: %s is not a file", path)
	}
	for _, entry := range o.Env {
		if name, _, ok := strings.Cut(entry, "="); !ok || name == "" {
			return fmt.Errorf("option Env: %q is not NAME=value", entry)
		}
	}
	return nil
}

func (o *Options) checkGateway() error {
	var err error
	if o.Event != "" && !slices.Contains(Events(), o.Event) {
		err = fmt.Errorf("option Event is %q: use one of %v", o.Event, Events())
	}
	if len(o.BinaryMediaTypes) > 0 && o.Event != REST {
		err = errors.Join(err, fmt.Errorf("option BinaryMediaTypes are a setting of %q alone", REST))
	}
	for _, t := range o.BinaryMediaTypes {
		if kind, sub, ok := strings.Cut(t, "/"); !ok || kind == "" || sub == "" {
			err = errors.Join(err, fmt.Errorf("option BinaryMediaTypes: %q is not a media type", t))
		}
	}
	if strings.ContainsAny(o.Stage, "/?#%") {
		err = errors.Join(err, fmt.Errorf("option Stage is %q: it is one part of a path, without slashes", o.Stage))
	}
	if o.Stage != "" && o.Event != REST && o.Event != HTTPAPI && o.Event != HTTPAPIv1 && o.Event != "" {
		err = errors.Join(err, fmt.Errorf("option Stage is a setting of an API, which %q is not", o.Event))
	}
	return err
}

func (o *Options) checkNumbers() error {
	var err error
	if o.Timeout < 0 || o.Timeout > MaxTimeout {
		err = fmt.Errorf("option Timeout is %v: it is at most %v and not negative", o.Timeout, MaxTimeout)
	}
	if o.GatewayTimeout < 0 {
		err = errors.Join(err, fmt.Errorf("option GatewayTimeout is %v: it must not be negative", o.GatewayTimeout))
	}
	if o.Memory < 0 || o.Environments < 0 || o.Concurrency < 0 {
		err = errors.Join(err, errors.New("options Memory, Environments and Concurrency must not be negative"))
	}
	if o.Freeze && o.Concurrency > 1 {
		err = errors.Join(err, errors.New("option Freeze does not go with Concurrency above 1: such an environment is never stopped"))
	}
	if o.Freeze && !canFreeze {
		err = errors.Join(err, errors.New("option Freeze needs SIGSTOP, which this system does not have"))
	}
	return err
}
