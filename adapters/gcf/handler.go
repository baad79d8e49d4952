package statefungcf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

// Handler returns h as a function for functions.HTTP. It panics on bad options;
// [NewHandler] returns the error. The function is safe for concurrent use.
//
// Handler reads one variable of the environment, [TimeoutVariable], because
// that is where the platform says what it allows.
//
// The result has no named type: the main that Google's build writes for a
// function that is only exported asks for exactly
// func(http.ResponseWriter, *http.Request), and takes anything else for the
// handler of an event.
func Handler(h *statefun.Handler, opts *Options) func(http.ResponseWriter, *http.Request) {
	serve, err := NewHandler(h, opts)
	if err != nil {
		panic(err)
	}
	return serve
}

// NewHandler is [Handler] that returns all mistakes of the options, joined.
func NewHandler(h *statefun.Handler, opts *Options) (func(http.ResponseWriter, *http.Request), error) {
	full, err := opts.withDefaults(os.Getenv(TimeoutVariable))
	next, nextErr := statefunhttp.NewHandler(h, &statefunhttp.Options{
		MaxRequestBytes: MaxBytes,
		MaxAnswerBytes:  MaxBytes,
		SecretHeader:    full.SecretHeader,
		SecretQuery:     full.SecretQuery,
		Secrets:         full.Secrets,
		Logger:          full.Logger,
	})
	if err != nil {
		err = fmt.Errorf("options: %w", err)
	}
	if err := errors.Join(err, nextErr); err != nil {
		return nil, fmt.Errorf("statefungcf: %w", err)
	}
	return (&function{next: next, timeout: full.Timeout, headroom: full.Headroom, log: full.Logger}).serve, nil
}

// function is statefunhttp's handler within the bounds of the platform. It is
// safe for concurrent use.
type function struct {
	next     http.Handler
	timeout  time.Duration // zero: none
	headroom time.Duration
	log      *slog.Logger
}

// serve answers one request.
func (f *function) serve(w http.ResponseWriter, r *http.Request) {
	watched := &watchedWriter{ResponseWriter: w}
	defer f.survive(watched, r)
	if end, ok := f.end(r.Context()); ok {
		ctx, cancel := context.WithDeadline(r.Context(), end)
		defer cancel()
		r = r.WithContext(ctx)
		// The body must arrive within the same time. Writers that have no
		// deadlines do not mind.
		_ = http.NewResponseController(w).SetReadDeadline(end)
	}
	f.next.ServeHTTP(watched, r)
}

// end returns when a request that has just arrived must be answered. The
// framework sets a deadline of its own, to the variable's value, from
// version 1.9 on; the earlier of the two counts.
func (f *function) end(ctx context.Context) (end time.Time, ok bool) {
	end, ok = ctx.Deadline()
	now := time.Now()
	if f.timeout > 0 && (!ok || end.After(now.Add(f.timeout))) {
		end, ok = now.Add(f.timeout), true
	}
	if !ok {
		return end, false
	}
	return end.Add(-min(f.headroom, max(end.Sub(now)/4, 0))), true
}

// survive keeps a panic from the framework, which would answer it with a text
// and a header of its own. Functions do not panic this far, a Logger may.
func (f *function) survive(w *watchedWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	f.report(r.Context(), v)
	if w.begun {
		return // a body that is shorter than its header said fails at the caller
	}
	answer := reply.Failed.Answer()
	header := w.Header()
	header.Set("Content-Type", answer.ContentType)
	header.Set("Content-Length", strconv.Itoa(len(answer.Body)))
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// report logs a panic, unless it is the logger that panics.
func (f *function) report(ctx context.Context, v any) {
	defer func() { _ = recover() }()
	f.log.LogAttrs(ctx, slog.LevelError, "panic outside of a function",
		slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
}

// watchedWriter knows whether an answer has begun: with WriteHeader, as all
// answers of package statefunhttp do.
type watchedWriter struct {
	http.ResponseWriter

	begun bool
}

func (w *watchedWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap shows an [http.ResponseController] the writer inside.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
