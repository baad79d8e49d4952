package statefungcf

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

const (
	// MaxBytes is the largest body of a request, and of an answer: what Cloud
	// Run takes over HTTP/1 (https://cloud.google.com/run/quotas), and also the
	// largest answer that Flink's async transport takes (payload_max_bytes).
	MaxBytes = 32 << 20

	// DefaultHeadroom is how long before the timeout of the deployment the
	// answer goes out at the latest. The platform's clock runs before ours: a
	// request has been on its way to the instance.
	DefaultHeadroom = time.Second

	// TimeoutVariable is the environment variable in which the platform says,
	// in whole seconds, how long a request may take.
	TimeoutVariable = "CLOUD_RUN_TIMEOUT_SECONDS"
)

// Options configures [Handler]. A nil *Options and the zero value both mean
// the defaults.
type Options struct {
	// SecretHeader and SecretQuery name the header and the query parameter in
	// which a caller presents one of Secrets; without it, it gets 403. Either
	// may be empty. /healthz asks for no secret.
	SecretHeader, SecretQuery string

	// Secrets are all valid at the same time, so that one can be exchanged for
	// another. Each has at least 16 characters, all of them letters, digits or
	// one of "-._~". They are compared in constant time.
	Secrets []string

	// Timeout is how long a request may take, from its arrival to its answer.
	// Zero means what [TimeoutVariable] says when the handler is made. Where
	// that says nothing, as on your own machine, there is no limit but the
	// caller's patience. Negative is an error, and so is a variable that is no
	// number.
	Timeout time.Duration

	// Headroom is the part of Timeout that is kept back to answer 503 before
	// the platform answers in our place. Zero means [DefaultHeadroom]; negative
	// is an error. Of a very short timeout at most a quarter is kept back.
	Headroom time.Duration

	// Logger receives one record for each request that does not end well,
	// without its payload. Nil means [slog.Default], since a service that fails in
	// silence helps nobody.
	Logger *slog.Logger
}

// withDefaults returns a complete copy, or all mistakes. Seconds is what the
// platform says of its timeout, and may be empty.
func (o *Options) withDefaults(seconds string) (Options, error) {
	var full Options
	if o != nil {
		full = *o
	}
	errs := []error{notNegative("Timeout", full.Timeout), notNegative("Headroom", full.Headroom)}
	if full.Timeout == 0 && seconds != "" {
		timeout, err := parseSeconds(seconds)
		errs = append(errs, err)
		full.Timeout = timeout
	}
	if full.Headroom == 0 {
		full.Headroom = DefaultHeadroom
	}
	if full.Logger == nil {
		full.Logger = slog.Default()
	}
	return full, errors.Join(errs...)
}

func notNegative(name string, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%s is %v: it must not be negative", name, d)
	}
	return nil
}

func parseSeconds(text string) (time.Duration, error) {
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil || seconds <= 0 {
		return 0, fmt.Errorf("%s is %q: it must be a positive number of seconds", TimeoutVariable, text)
	}
	return time.Duration(seconds) * time.Second, nil
}
