package statefun

import (
	"errors"
	"fmt"
	"log/slog"
)

// Protocol selects the version of the request-reply protocol.
type Protocol int

// The protocols.
const (
	// V3 is spoken by StateFun 3.x and by the embedded engine. A request that
	// is certainly of version 2 gets an error that names Options.Protocol.
	V3 Protocol = iota
	// V2 is spoken by StateFun 2.x. States, their expiration included, are
	// declared in module.yaml; there are no cancellation tokens.
	V2
	// Auto decides for each request by its own bytes, for a migration. Where
	// nothing decides, it is taken for version 2.
	Auto
)

// Options configures [New]. A nil *Options and the zero value both mean the
// defaults.
type Options struct {
	// Protocol is the version of the protocol: V3 by default.
	Protocol Protocol

	// DeadLetter says what becomes of messages that fail terminally, where a
	// function has no policy of its own. The zero policy fails their batch.
	DeadLetter DeadLetterPolicy

	// Batch wraps each batch, the first in the list outermost.
	Batch []BatchMiddleware

	// Message wraps each message, the first in the list outermost.
	Message []MessageMiddleware

	// Logger gets dead letters and signs of misconfiguration, as warnings;
	// failures are returned, not logged. Nil means silence.
	Logger *slog.Logger
}

func (o *Options) check() error {
	var errs []error
	if o.Protocol < V3 || o.Protocol > Auto {
		errs = append(errs, fmt.Errorf("statefun: Options.Protocol is %d: use V3, V2 or Auto", o.Protocol))
	}
	if o.DeadLetter.err != nil {
		errs = append(errs, fmt.Errorf("statefun: Options.DeadLetter: %w", o.DeadLetter.err))
	}
	for i, m := range o.Batch {
		if m == nil {
			errs = append(errs, fmt.Errorf("statefun: Options.Batch[%d] is nil", i))
		}
	}
	for i, m := range o.Message {
		if m == nil {
			errs = append(errs, fmt.Errorf("statefun: Options.Message[%d] is nil", i))
		}
	}
	return errors.Join(errs...)
}
