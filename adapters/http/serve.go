package statefunhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

// Serve listens on addr, as [Listen] does, and serves h until ctx ends or the
// process receives SIGTERM or an interrupt; a second signal ends the process at
// once. It is for main.
//
// It then drains, as [ServeListener] does, and returns nil if every request
// was answered in time.
func Serve(ctx context.Context, addr string, h *statefun.Handler, opts *ServerOptions) error {
	s, err := newServer(called(h), opts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	l, err := Listen(ctx, addr, s.options.SocketMode)
	switch {
	case err == nil:
		return s.serve(ctx, l)
	case ctx.Err() != nil: // told to end before it had begun
		return nil
	default:
		return err
	}
}

// ServeListener serves h on l until ctx ends, and closes l.
//
// It then drains: new requests get 503, on new connections too, and running
// ones may end until [ServerOptions].DrainTimeout has passed. After that their
// contexts end and their callers get 503, and the error says how many these
// were.
func ServeListener(ctx context.Context, l net.Listener, h *statefun.Handler, opts *ServerOptions) error {
	s, err := newServer(called(h), opts)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return s.serve(ctx, l)
}

// server serves one listener, once.
type server struct {
	options ServerOptions
	handler *handler
	http    *http.Server
	log     *slog.Logger
}

// maxHeaderBytes is far above what a StateFun runtime sends: one line, a query
// and a handful of headers.
const maxHeaderBytes = 64 << 10

func newServer(h reply.Handler, opts *ServerOptions) (*server, error) {
	full, err := opts.withDefaults()
	if err != nil {
		err = fmt.Errorf("statefunhttp: options: %w", err)
	}
	handler, handlerErr := newHandler(h, &full.Options)
	if err = errors.Join(err, handlerErr); err != nil {
		return nil, err
	}
	handler.writeTimeout = full.WriteTimeout
	s := &server{options: full, handler: handler, log: handler.log}
	s.http = &http.Server{
		Handler:                      handler,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            full.HeaderTimeout,
		ReadTimeout:                  full.ReadTimeout,
		IdleTimeout:                  full.IdleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		Protocols:                    new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: min(handler.gate.limit, 1<<16),
			SendPingTimeout:      full.IdleTimeout / 2,
			WriteByteTimeout:     full.WriteTimeout,
		},
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	return s, s.secure()
}

// secure prepares TLS, if it is wanted.
func (s *server) secure() error {
	if s.options.TLS == nil {
		return nil
	}
	certificates, err := loadCertificates(*s.options.TLS, s.log)
	if err != nil {
		return fmt.Errorf("statefunhttp: %w", err)
	}
	s.http.TLSConfig = certificates.serverConfig()
	return nil
}

// serve accepts until ctx ends, and drains.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	// Requests outlive ctx: its end is the beginning of the drain.
	base, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	s.http.BaseContext = func(net.Listener) context.Context { return base }

	ended := make(chan error, 1)
	go func() { ended <- s.accept(l) }()
	s.log.LogAttrs(ctx, slog.LevelInfo, "serving",
		slog.String("address", l.Addr().String()), slog.Bool("tls", s.options.TLS != nil))
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("statefunhttp: serve on %v: %w", l.Addr(), err), s.http.Close())
	case <-ctx.Done():
	}
	err := s.drain(base, cut)
	if accept := <-ended; !errors.Is(accept, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("statefunhttp: serve on %v: %w", l.Addr(), accept))
	}
	return err
}

func (s *server) accept(l net.Listener) error {
	if s.options.TLS != nil {
		return s.http.ServeTLS(l, "", "")
	}
	return s.http.Serve(l)
}

// linger is how long connections have to go once no request runs on them any
// more: what is written must still leave, and a client that is half-way
// through sending its next request will have to send it elsewhere.
const linger = 2 * time.Second

var errDrained = errors.New("the server is shutting down")

// drain ends the server. It ends base, the context of all requests, through
// cut, where they take too long.
func (s *server) drain(base context.Context, cut context.CancelCauseFunc) error {
	running, _ := s.handler.gate.state()
	s.log.LogAttrs(base, slog.LevelInfo, "draining", slog.Int("running", running))
	timer := time.NewTimer(s.options.DrainTimeout)
	defer timer.Stop()
	var late error
	select {
	case <-s.handler.gate.drain():
	case <-timer.C:
		running, _ = s.handler.gate.state()
		late = fmt.Errorf("statefunhttp: %d requests still ran after %v of draining and were cut off", running, s.options.DrainTimeout)
		cut(errDrained)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(base), linger)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		// Only connections without a whole request, or whose client does not
		// take its answer, are left.
		_ = s.http.Close()
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "stopped")
	return late
}
