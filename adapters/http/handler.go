package statefunhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

// HealthPath is the one path that means something: GET and HEAD of it answer
// whether the process serves.
const HealthPath = "/healthz"

// Handler returns h as an [http.Handler], for a mux, a framework or a server
// of your own. It panics on bad options; [NewHandler] returns the error.
//
// It sets no timeouts: those belong to the server. A server's ReadTimeout does
// not end a running call.
func Handler(h *statefun.Handler, opts *Options) http.Handler {
	handler, err := NewHandler(h, opts)
	if err != nil {
		panic(err)
	}
	return handler
}

// NewHandler is [Handler] that returns all mistakes of the options, joined.
func NewHandler(h *statefun.Handler, opts *Options) (http.Handler, error) {
	handler, err := newHandler(called(h), opts)
	if err != nil {
		return nil, err
	}
	return handler, nil
}

// called returns h so that a nil *statefun.Handler is a nil interface.
func called(h *statefun.Handler) reply.Handler {
	if h == nil {
		return nil
	}
	return h
}

// handler is safe for concurrent use.
type handler struct {
	reply        *reply.Responder
	gate         *gate
	log          *slog.Logger
	callTimeout  time.Duration // zero: none
	writeTimeout time.Duration // zero: the server's
}

func newHandler(h reply.Handler, opts *Options) (*handler, error) {
	full, optionsErr := opts.withDefaults()
	credentials, credentialsErr := reply.NewCredentials(full.SecretHeader, full.SecretQuery, full.Secrets)
	if err := errors.Join(optionsErr, credentialsErr); err != nil {
		return nil, fmt.Errorf("statefunhttp: options: %w", err)
	}
	responder, err := reply.New(reply.Config{
		Handler:         h,
		MaxRequestBytes: full.MaxRequestBytes,
		MaxAnswerBytes:  full.MaxAnswerBytes,
		Credentials:     credentials,
		Logger:          full.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("statefunhttp: %w", err)
	}
	return &handler{
		reply:       responder,
		gate:        newGate(full.MaxInFlight),
		log:         full.Logger,
		callTimeout: full.CallTimeout,
	}, nil
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == HealthPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		h.write(w, r, h.health())
		return
	}
	if answer, refused := h.reply.Refuse(r.Context(), head{r}, r.ContentLength); refused {
		h.write(w, r, answer)
		return
	}
	if outcome := h.gate.enter(); outcome != reply.Done {
		h.reportOverload(r.Context())
		h.write(w, r, outcome.Answer())
		return
	}
	h.run(w, r)
}

// health answers whether the process serves.
func (h *handler) health() reply.Answer {
	if _, draining := h.gate.state(); draining {
		return reply.Draining.Answer()
	}
	return reply.Answer{Status: http.StatusOK, ContentType: reply.PlainText, Body: []byte("ok\n")}
}

// run answers a request that has entered the gate. It leaves the gate when the
// answer is written and the call has ended, whichever is later: until then the
// request holds memory.
func (h *handler) run(w http.ResponseWriter, r *http.Request) {
	var answer reply.Answer
	defer func() {
		if !answer.Abandoned() {
			h.gate.leave()
			return
		}
		go func() {
			answer.Wait()
			h.gate.leave()
		}()
	}()
	answer = h.call(w, r)
	if h.write(w, r, answer) {
		answer.Release()
	}
}

// call reads the body and runs it.
func (h *handler) call(w http.ResponseWriter, r *http.Request) reply.Answer {
	ctx := r.Context()
	body, err := readBody(r.Body, r.ContentLength, h.reply.MaxRequestBytes())
	if err != nil {
		return h.unread(ctx, err)
	}
	if r.ProtoMajor == 1 {
		// The body is here, and its deadline has no more to say. net/http
		// goes on reading, to see whether the client is still there, and would
		// take the deadline for the client's end. Writers that have no
		// deadlines do not mind.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	if h.callTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.callTimeout)
		defer cancel()
	}
	return h.reply.Call(ctx, body)
}

// unread answers a request whose body could not be read.
func (h *handler) unread(ctx context.Context, err error) reply.Answer {
	outcome := unreadable(err)
	if outcome == reply.RequestTooLarge {
		return h.reply.TooLarge(ctx, h.reply.MaxRequestBytes()+1)
	}
	return h.reply.Unread(ctx, outcome, fmt.Errorf("read the request's body: %w", err))
}

// write writes a whole answer, and tells whether nothing can still be reading
// its bytes: after a failed write over HTTP/2 something can.
func (h *handler) write(w http.ResponseWriter, r *http.Request, answer reply.Answer) (done bool) {
	header := w.Header()
	header.Set("Content-Type", answer.ContentType)
	header.Set("Content-Length", strconv.Itoa(len(answer.Body)))
	if answer.Status == http.StatusMethodNotAllowed {
		header.Set("Allow", reply.Allow)
	}
	if answer.Outcome == reply.Draining || r.ProtoMajor == 1 && overUnixSocket(r) {
		header.Set("Connection", "close")
	}
	if h.writeTimeout > 0 {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.writeTimeout))
	}
	w.WriteHeader(answer.Status)
	if _, err := w.Write(answer.Body); err != nil && r.Method != http.MethodHead {
		h.log.LogAttrs(r.Context(), slog.LevelInfo, "answer not delivered",
			slog.Int("status", answer.Status), slog.Int("answer_bytes", len(answer.Body)), slog.Any("error", err))
		return false
	}
	return true
}

// overUnixSocket tells whether r came over a unix socket. There a connection
// is closed after each answer: on a kept one, Flink's client (OkHttp on Java
// 17) waits out a whole read timeout before every request.
func overUnixSocket(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && addr.Network() == "unix"
}

// reportOverload writes at most one record a second.
func (h *handler) reportOverload(ctx context.Context) {
	if n := h.gate.overload(time.Now()); n > 0 {
		h.log.LogAttrs(ctx, slog.LevelWarn, "too many requests at once",
			slog.Int("refused", n), slog.Int("max_in_flight", h.gate.limit))
	}
}
