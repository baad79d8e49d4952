package playground

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/statefun-go/statefun-go/engine/module"
)

// Times of one connection.
const (
	headerTime = 10 * time.Second // to send a header
	bodyTime   = time.Minute      // to send a body, or to take an answer
	idleTime   = 2 * time.Minute
	maxHeader  = 64 << 10 // bytes
)

// server is what ingress and egress share: a listener, and a bound on the
// requests at a time.
type server struct {
	opts     Options
	kind     string        // ingress or egress, for messages
	wait     time.Duration // the longest that a request may ask to wait
	listener net.Listener
	turns    chan struct{}
}

func newServer(kind string, port int, at module.Position, opts *Options) (*server, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(o.Host, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("%s: playground %s: %w", at, kind, explainListen(err, o.Host, port))
	}
	return &server{opts: o, kind: kind, listener: l, turns: make(chan struct{}, o.MaxInFlight)}, nil
}

// explainListen says what to do where that is known.
func explainListen(err error, host string, port int) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d is taken: stop the program that listens there (lsof -i :%d shows it) or write another port: %w", port, port, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("port %d needs privileges: write one above 1023: %w", port, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%q is no address of this machine: %w", host, err)
	default:
		return err
	}
}

// URL returns the base URL, without a slash at its end. A server that listens
// everywhere is called by its loopback address.
func (s *server) URL() string {
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return "http://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = DefaultHost
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close gives the port back where Run is never called. After Run it does
// nothing.
func (s *server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("playground %s: %w", s.kind, err)
	}
	return nil
}

// run serves until ctx ends, then lets the running requests end.
func (s *server) run(ctx context.Context, handle http.HandlerFunc) error {
	h := &http.Server{
		Handler:           s.bounded(ctx, handle),
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		// Both begin with the request, and the first one also ends a handler that waits.
		ReadTimeout: s.opts.Patience + s.wait + bodyTime, WriteTimeout: 2*s.opts.Patience + s.wait + 2*bodyTime,
		ErrorLog: slog.NewLogLogger(s.opts.Logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("playground %s at %s: %w", s.kind, s.URL(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Drain)
	defer cancel()
	if err := h.Shutdown(drain); err != nil {
		s.opts.Logger.Warn("playground requests cut off at the end", "kind", s.kind, "url", s.URL())
		h.Close() //nolint:errcheck // the listener is closed already
	}
	<-ended //nolint:errcheck // it says that the server was closed
	return nil
}

// bounded lets a request wait for its turn, and keeps web pages out, which may
// send a POST or load a GET from any port of the machine that shows them.
func (s *server) bounded(ctx context.Context, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
			refuse(w, http.StatusForbidden, http.StatusForbidden, "a web page of another site must not use this port")
			return
		}
		switch s.enter(ctx, r.Context()) {
		case entered:
			defer func() { <-s.turns }()
			handle(w, r)
		case full:
			busy(w, "too many requests at a time")
		case stopping:
			busy(w, "the application is stopping")
		case gone: // perhaps with a half of the connection only: it would read 200
			busy(w, "the request was given up")
		}
	}
}

// entry is the outcome of waiting for a turn.
type entry int

const (
	entered entry = iota
	full
	stopping
	gone // the client
)

func (s *server) enter(run, request context.Context) entry {
	select {
	case s.turns <- struct{}{}:
		return entered
	default:
	}
	timer := time.NewTimer(s.opts.Patience)
	defer timer.Stop()
	select {
	case s.turns <- struct{}{}:
		return entered
	case <-timer.C:
		return full
	case <-run.Done():
		return stopping
	case <-request.Done():
		return gone
	}
}

// busy tells the client to try again.
func busy(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, http.StatusServiceUnavailable, text)
}

// refuse answers with a status, with the one that Flink's playground puts into
// its Status header, and with a line of text.
func refuse(w http.ResponseWriter, status, compat int, text string) {
	body := text + "\n"
	h := w.Header()
	h.Set("Status", strconv.Itoa(compat))
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write([]byte(body)) //nolint:errcheck,gosec // a client that is gone needs no answer
}
