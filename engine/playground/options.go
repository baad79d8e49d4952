package playground

import (
	"cmp"
	"errors"
	"log/slog"
	"time"
)

// Defaults of [Options].
const (
	DefaultHost         = "127.0.0.1"
	DefaultMaxBodyBytes = 4 << 20
	DefaultMaxInFlight  = 256
	DefaultPatience     = 10 * time.Second
	DefaultDrain        = 5 * time.Second
)

// Options configures [NewIngress] and [NewEgress]. A nil *Options and the zero
// value both mean the defaults. The memory of an ingress is bounded by
// MaxBodyBytes times MaxInFlight.
type Options struct {
	// Host is the address to listen on, a name or an IP. Empty means
	// [DefaultHost], which only this machine reaches. "0.0.0.0", Flink's choice,
	// opens the port to everybody who reaches the machine, and nothing asks who
	// they are.
	Host string
	// MaxBodyBytes is the largest message that an ingress takes. 0 means
	// [DefaultMaxBodyBytes].
	MaxBodyBytes int64
	// MaxInFlight is the largest number of requests at a time; more wait for
	// Patience. 0 means [DefaultMaxInFlight].
	MaxInFlight int
	// Patience is how long a request waits for its turn, and a message for the
	// engine to take it, before the answer is 503. 0 means [DefaultPatience].
	Patience time.Duration
	// Drain is how long requests may go on after the end of Run's context. 0
	// means [DefaultDrain].
	Drain time.Duration
	// Functions are the bindings of the module as the file writes them, to be
	// named in the answer to a message that fits none. May be empty.
	Functions []string
	// Logger receives failures that are not the client's. Nil means no logging.
	Logger *slog.Logger
}

func (o *Options) withDefaults() (Options, error) {
	var out Options
	if o != nil {
		out = *o
	}
	if out.MaxBodyBytes < 0 || out.MaxInFlight < 0 || out.Patience < 0 || out.Drain < 0 {
		return Options{}, errors.New("playground: the limits of Options must not be negative")
	}
	out.Host = cmp.Or(out.Host, DefaultHost)
	out.MaxBodyBytes = cmp.Or(out.MaxBodyBytes, DefaultMaxBodyBytes)
	out.MaxInFlight = cmp.Or(out.MaxInFlight, DefaultMaxInFlight)
	out.Patience = cmp.Or(out.Patience, DefaultPatience)
	out.Drain = cmp.Or(out.Drain, DefaultDrain)
	out.Logger = cmp.Or(out.Logger, slog.New(slog.DiscardHandler))
	return out, nil
}
