package statefunhttp

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"
)

// Defaults of [Options] and [ServerOptions].
const (
	DefaultMaxRequestBytes = 64 << 20 // Flink limits only answers, and a 413 fails its job on OkHttp
	DefaultMaxAnswerBytes  = 32 << 20 // as Flink's payload_max_bytes
	DefaultMaxInFlight     = 1024
	DefaultHeaderTimeout   = 10 * time.Second
	DefaultReadTimeout     = time.Minute
	DefaultWriteTimeout    = time.Minute
	DefaultIdleTimeout     = 2 * time.Minute
	DefaultDrainTimeout    = 25 * time.Second
	DefaultSocketMode      = fs.FileMode(0o660)
)

// Options configures [Handler]. A nil *Options and the zero value both mean
// the defaults.
type Options struct {
	// MaxRequestBytes is the largest body of a request, in bytes; a larger one
	// gets 413. Zero means [DefaultMaxRequestBytes]; negative is an error.
	MaxRequestBytes int64

	// MaxAnswerBytes is the largest answer, in bytes; instead of a larger one
	// goes a 413. Zero means [DefaultMaxAnswerBytes]; negative is an error.
	MaxAnswerBytes int64

	// MaxInFlight is how many requests may be read, run and answered at once;
	// one more gets 503. A call that was given up counts until it ends. Zero
	// means [DefaultMaxInFlight]; negative is an error.
	MaxInFlight int

	// CallTimeout is how long one batch may run. After that its context ends
	// and the answer is 503, whether the function looks at its context or not.
	// Zero means no limit but the caller's patience: the context ends when the
	// caller goes away. Negative is an error.
	CallTimeout time.Duration

	// SecretHeader and SecretQuery name the header and the query parameter in
	// which a caller presents one of Secrets; without it, it gets 403. Either
	// may be empty. /healthz asks for no secret.
	SecretHeader, SecretQuery string

	// Secrets are all valid at the same time, so that one can be exchanged for
	// another. Each has at least 16 characters, all of them letters, digits or
	// one of "-._~". They are compared in constant time.
	Secrets []string

	// Logger receives one record for each request that does not end well,
	// and what the server does. Nil means [slog.Default], since a service that fails in
	// silence helps nobody.
	Logger *slog.Logger
}

// ServerOptions configures [Serve]. A nil *ServerOptions and the zero value
// both mean the defaults. Durations are never without limit: zero means the
// default and negative is an error.
type ServerOptions struct {
	Options

	// HeaderTimeout is how long a request's header may take to arrive.
	// [DefaultHeaderTimeout] by default.
	HeaderTimeout time.Duration

	// ReadTimeout is how long a whole request may take to arrive, header and
	// body. [DefaultReadTimeout] by default.
	ReadTimeout time.Duration

	// WriteTimeout is how long the caller may take to accept the answer. The
	// time that the function runs does not count. [DefaultWriteTimeout] by
	// default.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection may wait for its next request. It
	// should be longer than the caller keeps idle connections (Flink: one
	// minute). [DefaultIdleTimeout] by default.
	IdleTimeout time.Duration

	// DrainTimeout is how long running requests may take to end once the
	// server is told to. Keep it below what the platform waits before it kills
	// (Kubernetes: 30 s, Cloud Run: 10 s). [DefaultDrainTimeout] by default.
	DrainTimeout time.Duration

	// SocketMode are the permissions of a unix socket; who calls needs to
	// write. [DefaultSocketMode] by default.
	SocketMode fs.FileMode

	// TLS serves over TLS. Nil means clear text.
	TLS *TLS
}

// withDefaults returns a complete copy, or all mistakes.
func (o *Options) withDefaults() (Options, error) {
	var full Options
	if o != nil {
		full = *o
	}
	err := errors.Join(
		fill("MaxRequestBytes", &full.MaxRequestBytes, DefaultMaxRequestBytes),
		fill("MaxAnswerBytes", &full.MaxAnswerBytes, DefaultMaxAnswerBytes),
		fill("MaxInFlight", &full.MaxInFlight, DefaultMaxInFlight),
		fill("CallTimeout", &full.CallTimeout, 0),
	)
	if full.Logger == nil {
		full.Logger = slog.Default()
	}
	return full, err
}

// withDefaults returns a complete copy, or all mistakes but those of Options.
func (o *ServerOptions) withDefaults() (ServerOptions, error) {
	var full ServerOptions
	if o != nil {
		full = *o
	}
	err := errors.Join(
		fill("HeaderTimeout", &full.HeaderTimeout, DefaultHeaderTimeout),
		fill("ReadTimeout", &full.ReadTimeout, DefaultReadTimeout),
		fill("WriteTimeout", &full.WriteTimeout, DefaultWriteTimeout),
		fill("IdleTimeout", &full.IdleTimeout, DefaultIdleTimeout),
		fill("DrainTimeout", &full.DrainTimeout, DefaultDrainTimeout),
		full.checkSocketMode(),
	)
	return full, err
}

func (o *ServerOptions) checkSocketMode() error {
	if o.SocketMode == 0 {
		o.SocketMode = DefaultSocketMode
	}
	if o.SocketMode != o.SocketMode.Perm() {
		return fmt.Errorf("SocketMode is %v: only permissions, such as 0o660", o.SocketMode)
	}
	return nil
}

// fill replaces the zero value and refuses negative ones.
func fill[N int | int64 | time.Duration](name string, value *N, byDefault N) error {
	if *value < 0 {
		return fmt.Errorf("%s is %v: it must not be negative", name, *value)
	}
	if *value == 0 {
		*value = byDefault
	}
	return nil
}
