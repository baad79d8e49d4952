package lambdalocal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// gateway turns requests into events and replies into answers.
type gateway struct {
	front

	options *Options
	log     *slog.Logger
}

// front is what the kinds of gateways differ in.
type front struct {
	event    func(*request) any                        // to be marshalled
	answer   func(*request, []byte) (*answer, error)   // an error is a reply that the gateway does not understand
	failures func(f failure) (status int, text string) // the text is the body
	maxBody  int                                       // of a request, in bytes
	timeout  time.Duration                             // zero means that it waits as long as the function may take
	errors   string                                    // content type of failures
}

// invoker gives an event to the function.
type invoker func(ctx context.Context, payload []byte, trace string) (Response, error)

func newGateway(o *Options) *gateway {
	g := &gateway{front: fronts()[o.Event], options: o, log: o.Logger}
	if o.GatewayTimeout > 0 {
		g.timeout = o.GatewayTimeout
	}
	return g
}

func fronts() map[Event]front {
	return map[Event]front{
		REST:           {newRESTEvent, answerREST, restFailure, maxGatewayBody, restTimeout, typeJSON},
		HTTPAPI:        {newHTTPEvent, answerHTTP, httpFailure, maxGatewayBody, httpTimeout, typeJSON},
		HTTPAPIv1:      {newHTTPEventV1, answerHTTPv1, httpFailure, maxGatewayBody, httpTimeout, typeJSON},
		FunctionURL:    {newURLEvent, answerURL, urlFailure, MaxEvent, 0, typeJSON},
		ALB:            {newALBEvent, answerALB, albFailure, maxALBBody, albTimeout, "text/html"},
		ALBMulti:       {newALBMultiEvent, answerALBMulti, albFailure, maxALBBody, albTimeout, "text/html"},
		Direct:         {newDirectEvent, answerURL, urlFailure, MaxEvent, 0, typeJSON},
		DirectEnvelope: {newEnvelopeEvent, answerURL, urlFailure, MaxEvent, 0, typeJSON},
	}
}

var errLate = errors.New("lambdalocal: the function did not answer in the time of the gateway")

// serve answers a request.
func (g *gateway) serve(w http.ResponseWriter, r *http.Request, invoke invoker) {
	q, refused, err := newRequest(r, g.options, g.maxBody)
	switch {
	case err != nil:
		http.Error(w, "bad request", http.StatusBadRequest)
	case refused != none:
		g.fail(w, r, refused, nil)
	default:
		a, failure, err := g.call(r.Context(), q, invoke)
		if a == nil {
			g.fail(w, r, failure, err)
			return
		}
		write(w, a)
	}
}

// call calls the function. Without an answer it says what went wrong.
func (g *gateway) call(ctx context.Context, q *request, invoke invoker) (*answer, failure, error) {
	payload, err := marshal(g.event(q))
	if err != nil {
		return nil, functionFailed, err
	}
	if g.timeout > 0 { // from here on: a client may take its time to send
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, g.timeout, errLate)
		defer cancel()
	}
	response, err := invoke(ctx, payload, q.trace)
	if err != nil {
		return nil, failureOf(err), err
	}
	if response.FunctionError != "" {
		return nil, functionFailed, fmt.Errorf("function error in %s: %.400s", response.RequestID, response.Payload)
	}
	a, err := g.answer(q, response.Payload)
	if err != nil {
		return nil, notUnderstood, fmt.Errorf("malformed reply of %d bytes in %s: %w", len(response.Payload), response.RequestID, err)
	}
	return a, none, nil
}

// marshal writes an event as gateways do: without escapes for HTML.
func marshal(event any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(event)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

// fail answers a request that has no reply.
func (g *gateway) fail(w http.ResponseWriter, r *http.Request, f failure, err error) {
	status, text := g.failures(f)
	if r.Context().Err() == nil { // else probably nobody waits, but who does must not read 200
		g.log.LogAttrs(r.Context(), slog.LevelWarn, "request failed", slog.Int("status", status), slog.Any("error", err))
	}
	h := http.Header{"Content-Type": {g.errors}}
	write(w, &answer{status, h, []byte(text)})
}

func write(w http.ResponseWriter, a *answer) {
	h := w.Header()
	maps.Copy(h, a.header)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) //nolint:gosec // what a function replies goes to its caller; a client that is gone needs nothing
}
