package playground

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

// Ingress takes messages over HTTP. It implements [engine.Ingress]; its
// methods may be called from any goroutine.
type Ingress struct {
	*server
}

// NewIngress listens on the port of spec. Its errors name the place in the
// module file and what to do.
func NewIngress(spec module.PlaygroundIngress, opts *Options) (*Ingress, error) {
	s, err := newServer("ingress", spec.Port, spec.Position, opts)
	if err != nil {
		return nil, err
	}
	return &Ingress{s}, nil
}

// Run implements [engine.Ingress].
func (in *Ingress) Run(ctx context.Context, sink engine.Sink) error {
	return in.run(ctx, func(w http.ResponseWriter, r *http.Request) { in.handle(w, r, sink) })
}

// clientError is a mistake of the client.
type clientError struct {
	status int
	text   string
}

func (e *clientError) Error() string { return e.text }

func (in *Ingress) handle(w http.ResponseWriter, r *http.Request, sink engine.Sink) {
	err := in.send(w, r, sink)
	if bad, ok := errors.AsType[*clientError](err); ok {
		refuse(w, bad.status, compatStatus(bad.status), bad.text)
		return
	}
	switch {
	case err == nil:
		w.Header().Set("Status", strconv.Itoa(http.StatusOK))
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
	case r.Context().Err() != nil: // the client may have closed its half only: it would read 200
		busy(w, "the request was given up; the message may or may not have been taken")
	case errors.Is(err, engine.ErrStopped):
		busy(w, "the application is stopping; the message may or may not have been taken")
	case errors.Is(err, context.DeadlineExceeded):
		busy(w, "too many messages are waiting; this one may or may not have been taken")
	default:
		in.opts.Logger.Error("playground ingress: message lost", "path", r.URL.Path, "error", err)
		refuse(w, http.StatusInternalServerError, http.StatusInternalServerError, "the message could not be stored: see the log of the engine")
	}
}

// compatStatus is what the playground's Status header says to a bad path.
func compatStatus(status int) int {
	if status == http.StatusBadRequest {
		return http.StatusInternalServerError
	}
	return status
}

func (in *Ingress) send(w http.ResponseWriter, r *http.Request, sink engine.Sink) error {
	if r.Method != http.MethodPut && r.Method != http.MethodPost {
		w.Header().Set("Allow", "PUT, POST")
		return &clientError{http.StatusMethodNotAllowed, "send a message with PUT or POST /<namespace>/<function>/<id>"}
	}
	to, err := parsePath(r.URL.EscapedPath())
	if err != nil {
		return err
	}
	body, err := in.body(w, r)
	if err != nil {
		return err
	}
	value, err := parseValue(r.Header["Content-Type"], body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), in.opts.Patience)
	defer cancel()
	err = sink.Send(ctx, to, value)
	if errors.Is(err, engine.ErrUnknownFunction) {
		return &clientError{http.StatusNotFound, in.unknown(to.Type())}
	}
	return err
}

// unknown is the answer to a message that no function takes.
func (in *Ingress) unknown(name engine.TypeName) string {
	const most = 10
	text := fmt.Sprintf("module.yaml binds no function %s", name)
	known := in.opts.Functions
	if len(known) == 0 {
		return text
	}
	text += "; it binds " + strings.Join(known[:min(len(known), most)], ", ")
	if len(known) > most {
		text += fmt.Sprintf(" and %d more", len(known)-most)
	}
	return text
}

// body reads the whole body into a buffer of its own, which the engine keeps.
func (in *Ingress) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := in.opts.MaxBodyBytes
	tooLarge := &clientError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the message is larger than %d bytes", limit)}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	var body []byte
	var err error
	if r.ContentLength >= 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &clientError{http.StatusBadRequest, "the body broke off"}
	}
	return body, nil
}
