package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// callFunc is a function as the engine sees it: it answers a decoded request.
type callFunc func(ctx context.Context, r *wire.Request) ([]byte, error)

// Call implements engine.Caller.
func (f callFunc) Call(ctx context.Context, _ engine.TypeName, request []byte) ([]byte, error) {
	var r wire.Request
	if err := r.Decode(request); err != nil {
		return nil, &engine.CallError{Kind: engine.KindFatal, Err: err}
	}
	return f(ctx, &r)
}

// fixture is an engine under test: one function type test/fn, or the namespace
// with all, an egress test/out, and whatever options the test sets.
type fixture struct {
	t      testing.TB
	store  store.Store
	engine *engine.Engine
	out    *box
	cancel context.CancelFunc
	done   chan error
	ended  bool
}

// box is an egress that shows its outbox and takes any value as a record for
// the queue that its typename names.
type box struct {
	engine.Outbox
	ready chan struct{}
}

// Check implements engine.Egress.
func (b *box) Check(v engine.Value) (engine.Record, error) {
	switch {
	case !v.Has:
		return engine.Record{}, errors.New("no value")
	case v.TypeName == "panic":
		panic("an egress")
	}
	return engine.Record{Queue: v.TypeName, Key: "k", Value: v.Data}, nil
}

// Run implements engine.Egress.
func (b *box) Run(ctx context.Context, o engine.Outbox) error {
	b.Outbox = o
	close(b.ready)
	<-ctx.Done()
	return nil
}

var egressID = engine.TypeName{Namespace: "test", Name: "out"}

// start runs an engine on fs. Options without functions get f for test/*.
func start(t testing.TB, fs vfs.FS, f callFunc, opts engine.Options) *fixture {
	t.Helper()
	s, err := store.Open("data", &store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, s, f, opts)
}

func startOn(t testing.TB, s store.Store, f callFunc, opts engine.Options) *fixture {
	t.Helper()
	a := &fixture{t: t, store: s, out: &box{ready: make(chan struct{})}, done: make(chan error, 1)}
	if opts.Functions == nil {
		opts.Functions = []engine.Function{{Namespace: "test", Name: "*", Caller: f}}
	}
	opts.Egresses = append(opts.Egresses, engine.EgressBinding{ID: egressID, Egress: a.out})
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	var err error
	if a.engine, err = engine.New(s, &opts); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a.cancel = cancel
	go func() { a.done <- a.engine.Run(ctx) }()
	<-a.out.ready
	return a
}

// stop ends the engine and returns what Run returned.
func (a *fixture) stop() error {
	a.t.Helper()
	if a.ended {
		return nil
	}
	a.ended = true
	a.cancel()
	err := <-a.done
	if err := a.store.Close(); err != nil {
		a.t.Errorf("close: %v", err)
	}
	return err
}

// send sends text to an instance of test/fn and waits until it is durable.
func (a *fixture) send(id, text string) {
	a.t.Helper()
	a.sendTo(engine.Address{Namespace: "test", Name: "fn", ID: id}, text)
}

func (a *fixture) sendTo(to engine.Address, text string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := a.engine.Send(ctx, to, engine.Value{TypeName: "test/text", Has: true, Data: []byte(text)}); err != nil {
		a.t.Fatalf("send %q to %s: %v", text, to, err)
	}
}

// drain takes and removes all records of a queue.
func (a *fixture) drain(queue string) (values []string) {
	a.t.Helper()
	for {
		d, ok, err := a.out.Take(queue)
		if err != nil {
			a.t.Fatal(err)
		}
		if !ok {
			return values
		}
		if err := a.out.Remove(d); err != nil {
			a.t.Fatal(err)
		}
		values = append(values, string(d.Value))
	}
}

// answer builds a FromFunction.
type answer struct{ b []byte }

func newAnswer() *answer { return &answer{wire.BeginResult(nil)} }

func (a *answer) end() ([]byte, error) { return wire.EndResult(a.b, 0), nil }

func text(s string) wire.Value { return wire.Value{TypeName: "test/text", Has: true, Data: []byte(s)} }

func fn(id string) wire.Address { return wire.Address{Namespace: "test", Name: "fn", ID: id} }

func (a *answer) send(to wire.Address, s string) *answer {
	a.b = wire.AppendMessage(a.b, wire.V3, to, text(s))
	return a
}

func (a *answer) after(d time.Duration, to wire.Address, s, token string) *answer {
	a.b = wire.AppendDelayed(a.b, wire.V3, d.Milliseconds(), to, text(s), token)
	return a
}

func (a *answer) cancel(token string) *answer {
	a.b = wire.AppendCancel(a.b, token)
	return a
}

func (a *answer) egress(queue, s string) *answer {
	a.b = wire.AppendEgress(a.b, wire.V3, "test", "out", wire.Value{TypeName: queue, Has: true, Data: []byte(s)})
	return a
}

func (a *answer) set(name, s string) *answer {
	a.b = wire.AppendModify(a.b, wire.V3, name, text(s))
	return a
}

func (a *answer) clear(name string) *answer {
	a.b = wire.AppendDelete(a.b, name)
	return a
}

// missing answers with the states that a request lacks, and nil if it lacks
// none.
func missing(r *wire.Request, specs ...wire.StateSpec) []byte {
	var lacks []wire.StateSpec
	for _, s := range specs {
		found := false
		for i := range r.States {
			found = found || r.States[i].Name == s.Name
		}
		if !found {
			s.TypeName = "test/text"
			lacks = append(lacks, s)
		}
	}
	if lacks == nil {
		return nil
	}
	return wire.AppendIncomplete(nil, lacks)
}

// state returns the text of a state in a request, and "" if it is absent.
func state(t testing.TB, r *wire.Request, name string) string {
	t.Helper()
	for i := range r.States {
		if r.States[i].Name == name && r.States[i].HasValue {
			v, err := wire.ParseValue(wire.V3, r.States[i].Value)
			if err != nil {
				t.Error(err)
			}
			return string(v.Data)
		}
	}
	return ""
}

// argument returns the text of a message.
func argument(t testing.TB, inv *wire.Invocation) string {
	t.Helper()
	v, err := wire.ParseValue(wire.V3, inv.Argument)
	if err != nil {
		t.Error(err)
	}
	return string(v.Data)
}

// list is a list that many goroutines write.
type list struct {
	mu    sync.Mutex
	items []string
}

func (l *list) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, s)
}

func (l *list) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	items := l.items
	l.items = nil
	return items
}

func (a *fixture) mustStop() {
	a.t.Helper()
	if err := a.stop(); err != nil {
		a.t.Errorf("run: %v", err)
	}
}

// remaining counts what a store holds besides states and counters, by kind.
func remaining(t *testing.T, fs vfs.FS) string {
	t.Helper()
	s, err := store.Open("data", &store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	count := map[byte]int{}
	if err := s.Scan(nil, nil, func(k, _ []byte) bool { count[k[0]]++; return true }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, kind := range []byte("dekm") {
		if count[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%c %d", kind, count[kind]))
		}
	}
	return strings.Join(parts, ", ")
}
