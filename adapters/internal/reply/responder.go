package reply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// The limits that an adapter applies where its user names none.
const (
	// DefaultMaxRequestBytes is generous because Flink limits only answers,
	// and a 413 fails its job on the OkHttp transport.
	DefaultMaxRequestBytes = 64 << 20
	// DefaultMaxAnswerBytes is what Flink's async transport takes by default
	// (payload_max_bytes).
	DefaultMaxAnswerBytes = 32 << 20
)

// Handler is what is called: a [statefun.Handler].
type Handler interface {
	// Append appends the answer for request to dst. It owns request from then
	// on, and returns dst unchanged together with an error.
	Append(ctx context.Context, dst, request []byte) ([]byte, error)
}

// Config describes a [Responder].
type Config struct {
	// Handler is called. It must not be nil.
	Handler Handler
	// MaxRequestBytes is the largest body of a request, in bytes. It must be
	// positive.
	MaxRequestBytes int64
	// MaxAnswerBytes is the largest result, in bytes. It must be positive.
	MaxAnswerBytes int64
	// Credentials are asked for where they are not nil.
	Credentials *Credentials
	// Logger receives one record for each request that does not end well.
	// Nil means no logging.
	Logger *slog.Logger
}

// Responder answers requests. It is safe for concurrent use.
type Responder struct {
	config  Config
	log     *slog.Logger
	buffers sync.Pool // of *buffer
	calls   sync.Pool // of *call, none of them abandoned
}

// New returns a Responder. It reports all mistakes of the configuration,
// joined.
func New(config Config) (*Responder, error) {
	var errs []error
	if config.Handler == nil {
		errs = append(errs, errors.New("no handler: pass the one that statefun.New returned"))
	}
	if config.MaxRequestBytes <= 0 {
		errs = append(errs, fmt.Errorf("the limit of requests is %d bytes: it must be positive", config.MaxRequestBytes))
	}
	if config.MaxAnswerBytes <= 0 {
		errs = append(errs, fmt.Errorf("the limit of answers is %d bytes: it must be positive", config.MaxAnswerBytes))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := &Responder{config: config, log: config.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r, nil
}

// Answer answers a whole request: [Responder.Refuse] and then
// [Responder.Call]. It owns body from then on.
func (r *Responder) Answer(ctx context.Context, head Head, body []byte) Answer {
	if answer, refused := r.Refuse(ctx, head, int64(len(body))); refused {
		return answer
	}
	return r.Call(ctx, body)
}

// Refuse answers what can be answered without the body: no valid secret, a
// wrong method, type or encoding, a body over the limit. Size is the number of
// bytes that the body is said to have, negative where nobody said.
func (r *Responder) Refuse(ctx context.Context, head Head, size int64) (answer Answer, refused bool) {
	outcome := Forbidden
	if r.config.Credentials.Admit(head) {
		outcome = check(head)
	}
	if outcome == Done && size > r.config.MaxRequestBytes {
		return r.TooLarge(ctx, size), true
	}
	if outcome == Done {
		return Answer{}, false
	}
	r.reportRefusal(ctx, head, outcome)
	return outcome.Answer(), true
}

// MaxRequestBytes returns the limit of a request's body, in bytes.
func (r *Responder) MaxRequestBytes() int64 { return r.config.MaxRequestBytes }

// TooLarge answers a request whose body has, or has at least, size bytes,
// which is over the limit.
func (r *Responder) TooLarge(ctx context.Context, size int64) Answer {
	r.reportSize(ctx, RequestTooLarge, size, 0)
	return RequestTooLarge.Answer()
}

// Unread answers a request whose body could not be read; outcome says how that
// is to be taken, and err why it happened.
func (r *Responder) Unread(ctx context.Context, outcome Outcome, err error) Answer {
	r.reportFailure(ctx, outcome, err)
	return outcome.Answer()
}
