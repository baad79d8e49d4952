package lambdalocal

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Lambda is a function and the gateway in front of it. It is an [http.Handler]
// and safe for concurrent use.
type Lambda struct {
	options Options
	gateway *gateway
	pool    *pool
	output  *output
	unbind  func() bool // from the context of Start

	mu           sync.Mutex
	closed       bool
	environments map[*environment]struct{}
	started      int       // environments so far; each has a number
	failures     int       // starts that failed, without a good one since
	earliest     time.Time // of the next start, after failures
}

// Start prepares a function behind a gateway, until [Lambda.Close] or the end
// of ctx. Bootstraps are started when they are needed, by the first request.
//
// Errors are mistakes of the options, all of them joined.
func Start(ctx context.Context, opts *Options) (*Lambda, error) {
	full, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("lambdalocal: %w", err)
	}
	l := &Lambda{
		options: full, environments: map[*environment]struct{}{},
		pool:   &pool{room: full.Environments, throttle: full.Throttle},
		output: &output{w: full.Log},
	}
	l.gateway = newGateway(&l.options)
	l.mu.Lock() // ctx may have ended already
	defer l.mu.Unlock()
	l.unbind = context.AfterFunc(ctx, func() { _ = l.Close() })
	return l, nil
}

// Close ends all environments and returns when their processes have ended.
// Invocations that run or wait fail with [ErrClosed], or as those whose
// bootstrap exits. It may be called several times; the error is always nil.
func (l *Lambda) Close() error {
	l.pool.close()
	l.mu.Lock()
	l.unbind()
	l.closed = true
	running := make([]*environment, 0, len(l.environments))
	for e := range l.environments {
		running = append(running, e)
	}
	l.mu.Unlock()
	for _, e := range running {
		e.stop(&fault{kind: "Runtime.ExitError", text: "the function is shutting down"})
	}
	for _, e := range running {
		<-e.ended
	}
	return nil
}

// Invoke gives an event to the function, as the Invoke operation of Lambda
// does, past the gateway. A failure of the function is a [Response] with a
// FunctionError.
//
// Errors: [ErrTooLarge], [ErrThrottled], [ErrClosed], and the cause of ctx's
// end; then an invocation that has begun goes on, as on Lambda.
//
// Invoke keeps payload until the invocation has ended.
func (l *Lambda) Invoke(ctx context.Context, payload []byte) (Response, error) {
	return l.invoke(ctx, payload, newTrace(time.Now()))
}

func (l *Lambda) invoke(ctx context.Context, payload []byte, trace string) (Response, error) {
	if len(payload) > MaxEvent {
		return Response{}, ErrTooLarge
	}
	i := newInvocation(payload, trace+";Parent="+hex.EncodeToString(randomBytes(8))+";Sampled=0")
	for {
		s, failed, err := l.seat(ctx)
		if err != nil {
			return Response{}, err
		}
		if failed != nil {
			i.fail(*failed)
			return i.response, nil
		}
		if s.deliver(i) {
			break
		}
	}
	select {
	case <-i.done:
		l.settle(ctx, i)
		return i.response, nil
	case <-ctx.Done():
		return Response{}, context.Cause(ctx)
	}
}

// settle waits until the bootstrap is ready for the next event, so that a caller
// who sends one request after the other sees one environment, as on AWS, where
// the way to the caller is longer than that of the bootstrap.
func (l *Lambda) settle(ctx context.Context, i *invocation) {
	timer := time.NewTimer(l.options.settleTimeout)
	defer timer.Stop()
	select {
	case <-i.complete:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// seat returns a bootstrap that waits for work. One that fails before is
// started a second time, as Lambda does; then the fault is that of the
// invocation.
func (l *Lambda) seat(ctx context.Context) (*seat, *fault, error) {
	const attempts = 2
	var why fault
	for range attempts {
		s, err := l.pool.take(ctx)
		if s != nil || err != nil {
			return s, nil, err
		}
		e, err := l.start(ctx)
		if err != nil {
			return nil, nil, err
		}
		if e == nil {
			return nil, &fault{kind: "Runtime.InvalidEntrypoint", text: "the bootstrap cannot be started"}, nil
		}
		if s, err = e.open(ctx); s != nil {
			l.recovered()
		}
		if s != nil || err != nil {
			return s, nil, err
		}
		why = e.why()
	}
	return nil, &why, nil
}

// start starts an environment, for which the pool has given leave. It is nil
// where the bootstrap cannot be run at all.
func (l *Lambda) start(ctx context.Context) (*environment, error) {
	if err := l.pause(ctx); err != nil {
		l.pool.leave()
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	l.started++
	e, err := startEnvironment(context.WithoutCancel(ctx), &l.options, l.pool, l.output, strconv.Itoa(l.started))
	if err != nil {
		l.options.Logger.LogAttrs(ctx, slog.LevelError, "the bootstrap cannot be started: is it a program for this machine?",
			slog.String("bootstrap", l.options.Bootstrap), slog.Any("error", err))
		l.failed()
		l.pool.leave()
		return nil, nil
	}
	l.environments[e] = struct{}{}
	go l.forget(e)
	return e, nil
}

// forget waits for the end of an environment.
func (l *Lambda) forget(e *environment) {
	<-e.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.environments, e)
	if !e.isReady() {
		l.failed()
	}
}

// recovered says that a start was good.
func (l *Lambda) recovered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures, l.earliest = 0, time.Time{}
}

const (
	freeFailures = 4 // starts that may fail before the next one must wait
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// failed puts the next start off after a row of failures: callers that try
// again at once must not keep the machine busy. The caller holds mu.
func (l *Lambda) failed() {
	l.failures++
	if n := l.failures - freeFailures; n >= 0 {
		l.earliest = time.Now().Add(min(firstPause<<min(n, 10), longestPause))
	}
}

// pause waits until the next start may be.
func (l *Lambda) pause(ctx context.Context) error {
	l.mu.Lock()
	wait := time.Until(l.earliest)
	l.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ServeHTTP is the gateway: it turns a request into an event, and the reply of
// the function into the answer. With [Direct] and [DirectEnvelope] it also is
// the Invoke operation, POST /2015-03-31/functions/{name}/invocations, which
// takes the event itself.
func (l *Lambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isDirect := l.options.Event == Direct || l.options.Event == DirectEnvelope
	if isDirect && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, invokePath) {
		l.invokeAPI(w, r)
		return
	}
	l.gateway.serve(w, r, l.invoke)
}

const invokePath = "/2015-03-31/functions/"
