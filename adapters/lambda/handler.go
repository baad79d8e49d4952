package statefunlambda

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

// Handler answers the events of a Lambda function. It is a lambda.Handler of
// github.com/aws/aws-lambda-go, to be passed to lambda.Start, and safe for
// concurrent use.
type Handler struct {
	reply    *reply.Responder
	alb      *reply.Responder // with the limit of a load balancer
	routes   *routes          // nil without Options.Routes
	headroom time.Duration
	events   sync.Pool // of *event

	abandoned abandoned
}

// New returns h as the handler of a Lambda function. It panics on bad options;
// [NewHandler] returns the error.
func New(h *statefun.Handler, opts *Options) *Handler {
	handler, err := NewHandler(h, opts)
	if err != nil {
		panic(err)
	}
	return handler
}

// NewHandler is [New] that returns all mistakes of the options, joined.
func NewHandler(h *statefun.Handler, opts *Options) (*Handler, error) {
	full, optionsErr := opts.withDefaults()
	credentials, credentialsErr := reply.NewCredentials(full.SecretHeader, full.SecretQuery, full.Secrets)
	if h == nil {
		optionsErr = errors.Join(optionsErr, errors.New("no handler: pass the one that statefun.New returned"))
	}
	if err := errors.Join(optionsErr, credentialsErr); err != nil {
		return nil, fmt.Errorf("statefunlambda: options: %w", err)
	}
	config := reply.Config{Handler: h, MaxRequestBytes: maxBody(MaxReply), Credentials: credentials, Logger: full.Logger}
	config.MaxAnswerBytes = maxBody(MaxReply)
	gateway, err := reply.New(config)
	config.MaxAnswerBytes = maxBody(MaxALBReply)
	balancer, albErr := reply.New(config)
	if err := errors.Join(err, albErr); err != nil {
		return nil, fmt.Errorf("statefunlambda: %w", err)
	}
	return &Handler{reply: gateway, alb: balancer, routes: newRoutes(full.Routes), headroom: full.Headroom}, nil
}

// Invoke answers one event. The error is the function error of Lambda, which
// aws-lambda-go logs and reports: the payload is no JSON, or comes from
// something else than HTTP; then no function has run. Invoke keeps nothing of payload, and the caller owns the result.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e := h.event()
	defer h.release(e)
	if err := e.parse(payload); err != nil {
		return nil, fmt.Errorf("statefunlambda: event of %d bytes refused: %w", len(payload), err)
	}
	ctx, cancel := h.withHeadroom(ctx)
	defer cancel()
	if h.routes != nil && !e.isStateFun() {
		return h.routes.serve(ctx, e.shape, payload)
	}
	answer := h.answer(ctx, e)
	result := appendReply(make([]byte, 0, replySize(e.shape, &answer)), e.shape, &answer)
	answer.Release()
	return result, nil
}

// event returns an event to be parsed.
func (h *Handler) event() *event {
	if e, ok := h.events.Get().(*event); ok {
		return e
	}
	return new(event)
}

// release takes an event back; it forgets the payload.
func (h *Handler) release(e *event) {
	*e = event{}
	h.events.Put(e)
}

// isStateFun reports whether a request is StateFun's, where there are others:
// a POST of octets, or of a type that nobody named.
func (e *event) isStateFun() bool {
	return e.shape == shapeDirect || e.isHealthCheck() ||
		e.method == http.MethodPost && (e.contentType == "" || reply.IsOctetStream(e.contentType))
}

// answer answers a request of StateFun.
func (h *Handler) answer(ctx context.Context, e *event) reply.Answer {
	responder := h.reply
	if e.shape == shapeALB || e.shape == shapeALBMulti {
		responder = h.alb
	}
	if e.isHealthCheck() {
		return reply.Answer{Status: http.StatusOK, ContentType: reply.PlainText, Body: []byte("ok\n")}
	}
	if e.shape != shapeDirect {
		if answer, refused := responder.Refuse(ctx, e, -1); refused {
			return answer
		}
	}
	body, err := e.readBody()
	if err != nil {
		return unreadable(ctx, responder, err)
	}
	return h.abandoned.bound(responder.Call(ctx, body))
}

// unreadable answers an event whose body is not what was sent. Where the cause
// is the configuration in front of the function, the caller is told: nobody
// else might look.
func unreadable(ctx context.Context, responder *reply.Responder, err error) reply.Answer {
	answer := responder.Unread(ctx, reply.Malformed, err)
	if bad, ok := errors.AsType[*bodyError](err); ok {
		answer.Body = []byte(bad.text + "\n")
	}
	return answer
}

// isHealthCheck reports whether the event asks only whether the function
// answers: a load balancer does, and so may a person.
func (e *event) isHealthCheck() bool {
	if e.method != http.MethodGet && e.method != http.MethodHead {
		return false
	}
	path, _ := unquote(e.path)
	if path == "/healthz" {
		return true
	}
	const checker = "ELB-HealthChecker/"
	agent := e.Header("User-Agent")
	return (e.shape == shapeALB || e.shape == shapeALBMulti) && len(agent) >= len(checker) && agent[:len(checker)] == checker
}

// withHeadroom ends ctx early enough to answer within the invocation.
func (h *Handler) withHeadroom(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	room := min(h.headroom, max(time.Until(deadline)/4, 0))
	return context.WithDeadline(ctx, deadline.Add(-room))
}
