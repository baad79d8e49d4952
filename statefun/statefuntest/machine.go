package statefuntest

import (
	"context"
	"math/rand/v2"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// responder stands for the functions: in the tests of users it is a
// [statefun.Handler], in our own also a script.
type responder interface {
	// respond answers one request, which it then owns; the caller owns the
	// answer.
	respond(ctx context.Context, request []byte) ([]byte, error)
	// knows reports whether the function type exists, as far as can be told.
	knows(f functionType) bool
	// declared returns the states that a version 2 module file would declare.
	declared(f functionType) ([]wire.StateSpec, error)
	// egress returns the rule of an egress, and whether there is one.
	egress(namespace, name string) (semantics.EgressRule, bool)
}

type functionType struct{ namespace, name string }

func typeOf(a wire.Address) functionType { return functionType{a.Namespace, a.Name} }

// machine is the runtime: addresses with their mailboxes and states, a clock
// that stands still, delayed messages. It serves one batch after the other,
// which shows all that a real runtime's concurrency can show: batches of
// different addresses share nothing but what they send, and when a batch is cut
// out of a mailbox is up to chance in either case.
type machine struct {
	version  wire.Version
	fns      responder
	now      int64 // Unix milliseconds
	types    map[functionType]*semantics.States
	byAddr   map[wire.Address]*instance
	ready    []*instance // those with messages, in no order that means anything
	timers   timers
	outside  map[functionType]bool
	captured []delivery
	letters  []delivery // dead letters, wherever they went
	records  []wire.Egress
	done     work // since the beginning
	trace    trace

	plan   semantics.Plan
	answer wire.Answer
}

// instance is a function instance. cells belong to the states of its type, in
// their order; there may be fewer.
type instance struct {
	address wire.Address
	mailbox []wire.Invocation
	cells   []semantics.Cell
	inReady bool
}

// work counts what a machine does.
type work struct {
	requests int
	messages int // put into mailboxes
}

// delivery is a message that went to a function outside.
type delivery struct {
	to         wire.Address
	invocation wire.Invocation
}

func newMachine(v wire.Version, fns responder, now int64) *machine {
	return &machine{
		version: v, fns: fns, now: now,
		types:   map[functionType]*semantics.States{},
		byAddr:  map[wire.Address]*instance{},
		outside: map[functionType]bool{},
	}
}

// HasFunction, Egress and TokenPending make a machine the [semantics.Env] of
// its plans.

// HasFunction reports whether messages to the type can be delivered.
func (m *machine) HasFunction(namespace, name string) bool {
	f := functionType{namespace, name}
	return m.outside[f] || m.fns.knows(f)
}

// Egress returns the rule of an egress.
func (m *machine) Egress(namespace, name string) (semantics.EgressRule, bool) {
	return m.fns.egress(namespace, name)
}

// TokenPending reports whether the token of this sender id is taken.
func (m *machine) TokenPending(id, token string) bool { return m.timers.pending(id, token) }

// deliver puts a message into a mailbox.
func (m *machine) deliver(to wire.Address, inv wire.Invocation) {
	if isLetter(m.version, inv.Argument) {
		m.letters = append(m.letters, delivery{to, inv})
	}
	if m.outside[typeOf(to)] {
		m.captured = append(m.captured, delivery{to, inv})
		return
	}
	in := m.byAddr[to]
	if in == nil {
		in = &instance{address: to}
		m.byAddr[to] = in
	}
	in.mailbox = append(in.mailbox, inv)
	m.done.messages++
	if !in.inReady {
		in.inReady = true
		m.ready = append(m.ready, in)
	}
}

// states returns the states that the type has registered.
func (m *machine) states(f functionType) (*semantics.States, error) {
	if s := m.types[f]; s != nil {
		return s, nil
	}
	s := semantics.NewStates(m.version)
	if m.version == wire.V2 {
		specs, err := m.fns.declared(f)
		if err != nil {
			return nil, err
		}
		if s, err = semantics.Declare(f.namespace, f.name, specs); err != nil {
			return nil, err
		}
	}
	m.types[f] = s
	return s, nil
}

// runReady serves the i-th ready address a batch of at most limit messages,
// whose size rng chooses.
func (m *machine) runReady(ctx context.Context, i, limit int, rng *rand.Rand) error {
	in := m.ready[i]
	n := min(len(in.mailbox), limit)
	if rng.IntN(2) == 0 { // the whole mailbox is what Flink takes most often
		n = 1 + rng.IntN(n)
	}
	if err := m.serve(ctx, in, n); err != nil {
		return err
	}
	if len(in.mailbox) == 0 {
		in.inReady = false
		m.ready[i] = m.ready[len(m.ready)-1]
		m.ready = m.ready[:len(m.ready)-1]
	}
	return nil
}

// serve runs the first n messages of the mailbox as one batch, the handshake
// included. On error nothing has changed but the states of the type, and the
// messages are still there.
func (m *machine) serve(ctx context.Context, in *instance, n int) error {
	for {
		request, sent, err := m.request(in, n)
		if err != nil {
			return err
		}
		m.done.requests++
		step := m.trace.begin(m.done.requests, m.now, request)
		answer, err := m.fns.respond(ctx, request)
		if err != nil {
			step.err = err
			return err
		}
		step.answer = answer
		again, err := m.apply(in, n, sent, answer)
		if err != nil {
			step.err = err
		}
		if err != nil || !again {
			return err
		}
	}
}

// request builds the request for the first n messages. The states that it
// carries are renewed or expire by that.
func (m *machine) request(in *instance, n int) ([]byte, *semantics.States, error) {
	states, err := m.states(typeOf(in.address))
	if err != nil {
		return nil, nil, err
	}
	for len(in.cells) < states.Len() {
		in.cells = append(in.cells, semantics.Cell{})
	}
	if _, err := states.Attach(in.address, in.cells, m.now); err != nil {
		return nil, nil, err
	}
	return states.AppendRequest(nil, in.address, in.cells, in.mailbox[:n]), states, nil
}

// apply carries out the answer to a request with n messages. again is set where
// the answer asks for states and the same messages are to be sent again.
func (m *machine) apply(in *instance, n int, sent *semantics.States, answer []byte) (again bool, err error) {
	if err := m.answer.Decode(m.version, answer); err != nil {
		return false, semantics.Malformed(in.address, err)
	}
	f := typeOf(in.address)
	if m.answer.HasIncomplete {
		next, err := m.types[f].Handshake(in.address, sent, m.answer.Missing)
		m.types[f] = next
		return err == nil, err
	}
	if err := m.plan.Build(in.address, &m.answer, m.types[f], m, m.now); err != nil {
		return false, err
	}
	if err := m.checkTimers(in.address); err != nil {
		return false, err
	}
	clear(in.mailbox[:n])
	in.mailbox = in.mailbox[n:]
	m.carryOut(in)
	return false, nil
}

// checkTimers refuses delayed messages to nobody when they are sent. Flink
// finds out when they fire, which in a test may be never.
func (m *machine) checkTimers(from wire.Address) error {
	for i := range m.plan.Timers {
		t := &m.plan.Timers[i]
		if to := t.Message.Target; to.IsZero() || !m.HasFunction(to.Namespace, to.Name) {
			return semantics.UnknownFunction(from, to)
		}
	}
	return nil
}

func (m *machine) carryOut(in *instance) {
	p := &m.plan
	for i := range p.Messages {
		m.deliver(p.Messages[i].Target, from(in.address, &p.Messages[i]))
	}
	for _, token := range p.Cancels {
		m.timers.cancel(in.address.ID, token)
	}
	for i := range p.Timers {
		m.timers.add(in.address, p.Timers[i])
	}
	m.records = append(m.records, p.Egresses...)
	for _, w := range p.Writes {
		in.cells[w.State] = w.Cell
	}
}

// from returns what the receiver of a message gets. A message without an
// argument arrives with an empty one.
func from(sender wire.Address, msg *wire.Message) wire.Invocation {
	return wire.Invocation{Caller: sender, HasCaller: !sender.IsZero(), HasArgument: true, Argument: msg.Argument}
}

// undelivered counts the messages in mailboxes.
func (m *machine) undelivered() (n int) {
	for _, in := range m.ready {
		n += len(in.mailbox)
	}
	return n
}

// fire delivers the next delayed message that is due at now.
func (m *machine) fire() bool {
	t, ok := m.timers.pop(m.now)
	if ok {
		m.deliver(t.Message.Target, from(t.sender, &t.Message))
	}
	return ok
}
