package lambdalocal

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// environment is one bootstrap and the Runtime API that it alone talks to. It
// starts by being started and ends when the process ends.
type environment struct {
	options *Options
	pool    *pool
	log     *slog.Logger
	process *process
	server  *http.Server

	first chan *seat    // the first seat, for whoever started this
	ended chan struct{} // closed when the process has ended

	mu        sync.Mutex
	bound     bool // the first seat is still owed to whoever started this
	polled    bool // the bootstrap has asked for work: it is initialized
	extended  bool // an extension is registered, so SIGTERM comes before SIGKILL
	stopping  bool
	isGone    bool // the process has ended
	active    map[string]*invocation
	cause     *fault      // why it ends, where that was decided here
	initTimer *time.Timer // ends it when it does not ask for work
}

// startEnvironment starts a bootstrap. The error is that of the system: it is
// no program, or not for this machine.
func startEnvironment(ctx context.Context, o *Options, p *pool, out *output, number string) (*environment, error) {
	e := &environment{
		options: o, pool: p, log: o.Logger.With(slog.String("environment", number)),
		first: make(chan *seat, 1), ended: make(chan struct{}), bound: true, active: map[string]*invocation{},
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	lines := &lineWriter{out: out, prefix: "[" + number + "] "}
	e.process, err = startProcess(o, listener.Addr().String(), lines)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	e.server = &http.Server{
		Handler:           e.api(),
		ReadHeaderTimeout: initTimeout,
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelWarn),
	}
	e.mu.Lock()
	e.initTimer = time.AfterFunc(o.initTimeout, e.initTooLong)
	e.mu.Unlock()
	e.log.LogAttrs(ctx, slog.LevelInfo, "environment started", slog.Int("pid", e.process.cmd.Process.Pid))
	go func() { _ = e.server.Serve(listener) }() // it ends with the process
	go e.watch(lines)
	return e, nil
}

// watch sees the process end, and ends everything else with it.
func (e *environment) watch(lines *lineWriter) {
	how := e.process.wait()
	lines.flush()
	_ = e.server.Close() // its only client is gone
	e.mu.Lock()
	e.initTimer.Stop()
	e.stopping, e.isGone = true, true
	if e.cause == nil {
		e.cause = &fault{kind: "Runtime.ExitError", text: how}
	}
	active := slices.Collect(maps.Values(e.active))
	for _, i := range active {
		e.forget(i)
		i.fail(*e.cause)
	}
	e.mu.Unlock()
	e.log.Info("environment ended", slog.String("how", how))
	close(e.ended)
	e.pool.leave()
	for _, i := range active {
		close(i.complete)
	}
}

// forget takes an invocation off the books. The caller holds mu.
func (e *environment) forget(i *invocation) {
	i.timer.Stop()
	delete(e.active, i.id)
}

// open waits for the first seat. Without one, and without an error, the
// environment has ended before: why says the cause.
func (e *environment) open(ctx context.Context) (*seat, error) {
	select {
	case s := <-e.first:
		return s, nil
	case <-e.ended:
		return nil, nil
	case <-ctx.Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bound = false
	select {
	case s := <-e.first: // it has just come
		e.pool.put(s)
	default:
	}
	return nil, context.Cause(ctx)
}

// why returns the cause of the end, once it has ended.
func (e *environment) why() fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	return *e.cause
}

// isReady reports whether the bootstrap has ever asked for work.
func (e *environment) isReady() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.polled
}

// sit takes a seat that a bootstrap has just asked for. What it has answered
// before is complete only now.
func (e *environment) sit(s *seat) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.polled = true
	e.initTimer.Stop()
	for _, i := range e.active {
		if i.answered() {
			e.forget(i)
			defer close(i.complete)
		}
	}
	if e.bound {
		e.bound = false
		e.first <- s
		return
	}
	e.pool.put(s)
}

// begin starts the time of an invocation and returns its deadline.
func (e *environment) begin(i *invocation) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isGone {
		i.fail(*e.cause)
		close(i.complete)
		return time.Now()
	}
	e.active[i.id] = i
	i.timer = time.AfterFunc(e.options.Timeout, func() { e.tooLong(i) })
	return time.Now().Add(e.options.Timeout)
}

// find returns an invocation that the bootstrap works on, or nil.
func (e *environment) find(id string) *invocation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active[id]
}

// finish says that an invocation has been answered. Where environments take
// several at a time, it is complete: which poll follows it cannot be told.
func (e *environment) finish(i *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.options.Concurrency > 1 && e.active[i.id] != nil {
		e.forget(i)
		close(i.complete)
	}
}

// tooLong ends an environment whose invocation takes longer than it may. It
// does so too where the answer is there and the bootstrap does not come back.
func (e *environment) tooLong(i *invocation) {
	f := timedOut(e.options.Timeout)
	i.fail(f)
	e.log.Warn("task timed out", slog.String("request_id", i.id), slog.Duration("timeout", e.options.Timeout))
	e.stop(&f)
}

func (e *environment) initTooLong() {
	e.stop(&fault{kind: "Sandbox.Timedout", text: "the bootstrap did not ask for an invocation within " + e.options.initTimeout.String()})
}

// stop ends the process, in good order where an extension wants that. The
// first cause counts.
func (e *environment) stop(cause *fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return
	}
	e.stopping, e.cause = true, cause
	if !e.extended {
		e.process.kill()
		return
	}
	e.process.terminate()
	time.AfterFunc(e.options.shutdownGrace, e.process.kill)
}

func (e *environment) freeze() {
	if e.options.Freeze {
		e.process.freeze()
	}
}

func (e *environment) thaw() {
	if e.options.Freeze {
		e.process.thaw()
	}
}
