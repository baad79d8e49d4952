package semantics

import (
	"errors"
	"fmt"
	"math"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Env is what a runtime knows and one answer does not show.
type Env interface {
	// HasFunction reports whether somebody serves the function type.
	HasFunction(namespace, name string) bool
	// Egress returns the rule of a declared egress.
	Egress(namespace, name string) (rule EgressRule, declared bool)
	// TokenPending reports whether a delayed message that a function with this
	// id sent, of whatever type, waits under the token. Version 2 never asks.
	TokenPending(id, token string) bool
}

// Plan is what a runtime has to do for one answer, in this order, all of it
// atomically: deliver Messages, remove Cancels, add Timers, hand over
// Egresses, store Writes. Then the address takes its next batch.
//
// The zero value is ready to [Plan.Build], again and again: the slices are
// kept. Strings and byte slices are views of the answer, only the values of
// Writes are copies.
type Plan struct {
	// Messages go to their targets with the target of the request as caller.
	Messages []wire.Message
	// Cancels are tokens of delayed messages that were pending before this
	// answer.
	Cancels []string
	// Timers are new delayed messages, in order. What the same answer sends
	// and cancels is not among them.
	Timers []Timer
	// Egresses are the records, in order.
	Egresses []wire.Egress
	// Writes are the mutations, in order: the last one of a state counts.
	Writes []Write

	tokens map[string]tokenUse
}

// Timer is a delayed message of the sender that the plan is for. The runtime
// keeps timers per sender id: those of one id and one due time fire in the
// order in which they were added, and a token belongs to the id, whatever the
// function type. A target that nobody serves is found when the timer fires:
// [UnknownFunction].
type Timer struct {
	Message wire.Message
	Due     int64  // Unix milliseconds; always after the current step, also where it is now
	Token   string // free again once the timer has fired or is cancelled; empty for none
	dead    bool
}

// Write is a new value of the State-th state, or with a zero Cell its removal.
type Write struct {
	State int
	Cell  Cell
}

// tokenUse is what the answer has done with a token so far.
type tokenUse struct {
	timer     int  // position in Timers of the message that holds it, or -1
	cancelled bool // the message that held it before this answer is cancelled
}

// Build checks the answer of target, which the request with these states got,
// and fills in the plan; states are the current ones. It must not be called
// with a request for missing states: that is for [States.Handshake]. An answer
// with neither result nor such a request is a success without effects.
//
// On failure the plan holds no meaning and nothing of the answer may be
// applied. The order of checks is Flink's order of application: messages,
// delayed messages with cancellations between them, egresses, mutations.
//
// Source: RequestReplyFunction.onAsyncResult of StateFun 3.3.
func (p *Plan) Build(target wire.Address, a *wire.Answer, states *States, env Env, now int64) error {
	p.reset()
	for i := range a.Messages {
		if f := p.message(states, env, target, &a.Messages[i]); f != nil {
			return effectFailure(f, target, fmt.Sprintf("outgoing_messages %d: message to %s", i, quote(a.Messages[i].Target)))
		}
	}
	for i := range a.Delayed {
		if f := p.delayed(states, env, target, &a.Delayed[i], now); f != nil {
			return effectFailure(f, target, fmt.Sprintf("delayed_invocations %d: %s", i, describeDelayed(&a.Delayed[i])))
		}
	}
	p.dropDead()
	for i := range a.Egresses {
		if f := p.egress(states, env, &a.Egresses[i]); f != nil {
			return effectFailure(f, target, fmt.Sprintf("outgoing_egresses %d: record for %s/%s", i, a.Egresses[i].Namespace, a.Egresses[i].Name))
		}
	}
	for i := range a.Mutations {
		if f := p.mutation(states, &a.Mutations[i], now); f != nil {
			return effectFailure(f, target, fmt.Sprintf("state_mutations %d: state %q", i, a.Mutations[i].Name))
		}
	}
	return nil
}

func (p *Plan) reset() {
	clear(p.tokens)
	*p = Plan{
		Messages: p.Messages[:0], Cancels: p.Cancels[:0], Timers: p.Timers[:0],
		Egresses: p.Egresses[:0], Writes: p.Writes[:0], tokens: p.tokens,
	}
}

func effectFailure(f *Failure, target wire.Address, effect string) error {
	f.Target, f.Effect = target, effect
	return f
}

func describeDelayed(d *wire.Delayed) string {
	if d.Cancel {
		return fmt.Sprintf("cancellation of %q", d.Token)
	}
	s := fmt.Sprintf("message to %s after %d ms", quote(d.Target), d.DelayMillis)
	if d.Token != "" {
		s += fmt.Sprintf(" under token %q", d.Token)
	}
	return s
}

func (p *Plan) message(states *States, env Env, from wire.Address, m *wire.Message) *Failure {
	if f := checkArgument(states.version, m.Argument); f != nil {
		return f
	}
	if m.Target.IsZero() || !env.HasFunction(m.Target.Namespace, m.Target.Name) {
		return unknownFunction(from, m.Target)
	}
	p.Messages = append(p.Messages, *m)
	return nil
}

func (p *Plan) delayed(states *States, env Env, from wire.Address, d *wire.Delayed, now int64) *Failure {
	switch f := checkArgument(states.version, d.Argument); {
	case f != nil:
		return f
	case d.Cancel:
		return p.cancel(env, from.ID, d.Token)
	case d.DelayMillis < 0:
		return &Failure{
			Kind: KindDelay, Reason: "the delay is negative",
			Advice: "delay by 0 ms or more",
		}
	}
	if d.Token != "" {
		if f := p.take(env, from.ID, d.Token); f != nil {
			return f
		}
	}
	due := now + d.DelayMillis
	if due < now {
		due = math.MaxInt64
	}
	p.Timers = append(p.Timers, Timer{Message: d.Message, Due: due, Token: d.Token})
	return nil
}

// take binds the token to the next timer.
func (p *Plan) take(env Env, id, token string) *Failure {
	use, seen := p.tokens[token]
	if seen && use.timer >= 0 || (!seen || !use.cancelled) && env.TokenPending(id, token) {
		return &Failure{
			Kind: KindTokenPending, Reason: fmt.Sprintf("token %q already belongs to a delayed message that a function with id %q sent and that has not fired", token, id),
			Advice: "cancel that one first, or take another token; all function types share the tokens of an id",
		}
	}
	p.use(token, tokenUse{timer: len(p.Timers), cancelled: use.cancelled})
	return nil
}

// cancel frees the token. One that holds nothing is no error.
func (p *Plan) cancel(env Env, id, token string) *Failure {
	if token == "" {
		return &Failure{
			Kind: KindTokenEmpty, Reason: "a cancellation request without a cancellation token",
			Advice: "cancel by the token that the message was sent with",
		}
	}
	use, seen := p.tokens[token]
	switch {
	case seen && use.timer >= 0:
		p.Timers[use.timer].dead = true
		use.timer = -1
		p.use(token, use)
	case (!seen || !use.cancelled) && env.TokenPending(id, token):
		p.Cancels = append(p.Cancels, token)
		p.use(token, tokenUse{timer: -1, cancelled: true})
	}
	return nil
}

func (p *Plan) use(token string, use tokenUse) {
	if p.tokens == nil {
		p.tokens = make(map[string]tokenUse)
	}
	p.tokens[token] = use
}

func (p *Plan) dropDead() {
	if len(p.tokens) == 0 {
		return
	}
	alive := p.Timers[:0]
	for _, t := range p.Timers {
		if !t.dead {
			alive = append(alive, t)
		}
	}
	p.Timers = alive
}

func (p *Plan) egress(states *States, env Env, e *wire.Egress) *Failure {
	if f := checkArgument(states.version, e.Argument); f != nil {
		return f
	}
	rule, declared := env.Egress(e.Namespace, e.Name)
	if !declared {
		return &Failure{
			Kind: KindUnknownEgress, Reason: "unknown egress: no module declares it",
			Advice: "declare it, or correct its name",
		}
	}
	if rule != nil {
		if err := rule(states.version, e.Argument); err != nil {
			return &Failure{Kind: KindEgressRecord, Reason: "the egress cannot take the record", Err: err, Advice: "send what the egress is for"}
		}
	}
	p.Egresses = append(p.Egresses, *e)
	return nil
}

func (p *Plan) mutation(states *States, m *wire.Mutation, now int64) *Failure {
	if m.Type != wire.Delete && m.Type != wire.Modify {
		if states.version == wire.V2 {
			return nil
		}
		return &Failure{
			Kind: KindMutationType, Reason: fmt.Sprintf("received an unrecognized mutation type, %d", m.Type),
			Advice: "write (1) or delete (0)",
		}
	}
	i := states.Index(m.Name)
	if i < 0 {
		return &Failure{
			Kind: KindStateUnknown, Reason: "accessing a non-existing function state", Advice: unknownStateAdvice(states.version),
		}
	}
	write := Write{State: i}
	if m.Type == wire.Delete && states.version == wire.V3 {
		if f := checkArgument(wire.V3, m.Value); f != nil {
			return f
		}
	}
	if m.Type == wire.Modify {
		value, f := states.storedValue(&states.specs[i], m)
		if f != nil {
			return f
		}
		write.Cell = Cell{Present: true, Value: value, Touched: now}
	}
	p.Writes = append(p.Writes, write)
	return nil
}

func unknownStateAdvice(v wire.Version) string {
	if v == wire.V2 {
		return "declare it in the module file"
	}
	return "ask for it with an incomplete_invocation_context first"
}

// checkArgument refuses bytes that are no message at all, for which Flink could
// not have parsed the answer. What is encoded in the other version of the
// protocol goes on as it is: protobuf keeps unknown fields.
func checkArgument(v wire.Version, argument []byte) *Failure {
	_, err := wire.ParseValue(v, argument)
	if err == nil || errors.Is(err, wire.ErrOtherVersion) {
		return nil
	}
	return &Failure{Kind: KindMalformed, Reason: "the value does not parse", Err: err, Advice: "send a typed value"}
}
