package statefunlambda

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// DefaultHeadroom is how long before the end of an invocation the answer goes
// out at the latest.
const DefaultHeadroom = 200 * time.Millisecond

// Options configures [New]. A nil *Options and the zero value both mean the
// defaults.
type Options struct {
	// SecretHeader and SecretQuery name the header and the query parameter in
	// which a caller presents one of Secrets; without it, it gets 403. Either
	// may be empty. Direct invocations have neither: they are admitted, since
	// AWS has checked them.
	SecretHeader, SecretQuery string

	// Secrets are all valid at the same time, so that one can be exchanged for
	// another. Each has at least 16 characters, all of them letters, digits or
	// one of "-._~". They are compared in constant time.
	Secrets []string

	// Headroom is the time that is kept back from the invocation's deadline to
	// answer 503 before AWS ends the process. Zero means [DefaultHeadroom];
	// negative is an error. Of a very short deadline at most a quarter is kept
	// back.
	Headroom time.Duration

	// Routes serves the other requests of the function, such as a user's own
	// API: everything but a POST whose content type is
	// application/octet-stream or missing. They go through
	// aws-lambda-go-api-proxy. Nil means that all requests are StateFun's.
	Routes http.Handler

	// Logger receives one record for each event that does not end well,
	// without its payload. Nil means [slog.Default], since a service that fails in
	// silence helps nobody.
	Logger *slog.Logger
}

func (o *Options) withDefaults() (Options, error) {
	var full Options
	if o != nil {
		full = *o
	}
	var err error
	if full.Headroom < 0 {
		err = fmt.Errorf("the option Headroom is %v: it must not be negative", full.Headroom)
	}
	if full.Headroom == 0 {
		full.Headroom = DefaultHeadroom
	}
	if full.Logger == nil {
		full.Logger = slog.Default()
	}
	return full, err
}
