package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	official "github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// ourMachine runs scripts on our SDK.
type ourMachine struct {
	inv      *statefun.Invocation
	states   []ourState
	egresses []ourEgress
}

func ourRegistry(p *plan) (invoke, error) {
	var fns []statefun.Function
	for i := range p.functions {
		fns = append(fns, ourFunction(&p.functions[i]))
	}
	h, err := statefun.New(fns, nil)
	if err != nil {
		return nil, fmt.Errorf("ours: %w", err)
	}
	return h.Append, nil
}

func ourFunction(f *functionPlan) statefun.Function {
	sc, m := &script{f: f}, &ourMachine{}
	var parts []statefun.Part
	for _, s := range f.states {
		var opts []statefun.StateOption
		switch s.mode {
		case wire.ExpireAfterWrite:
			opts = append(opts, statefun.ExpireAfterWrite(s.ttl))
		case wire.ExpireAfterInvoke:
			opts = append(opts, statefun.ExpireAfterCall(s.ttl))
		default:
		}
		m.states = append(m.states, ourTypes[s.kind].state(s.name, opts...))
		parts = append(parts, m.states[len(m.states)-1].part)
	}
	for i := range f.egresses {
		e := &f.egresses[i]
		m.egresses = append(m.egresses, ourTypes[e.kind].egress(e))
		parts = append(parts, m.egresses[i].part)
	}
	run := func(inv *statefun.Invocation, v any) error {
		m.inv = inv
		return sc.run(m, v)
	}
	for k, t := range ourTypes {
		if f.cases&(1<<k) != 0 {
			parts = append(parts, t.on(run))
		}
	}
	parts = append(parts, statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, msg statefun.Message) error {
		for _, t := range ourTypes {
			if t.name() != msg.TypeName() {
				continue
			}
			v, err := t.decode(msg)
			if err != nil {
				return err
			}
			return run(inv, v)
		}
		return fmt.Errorf("a message of type %q", msg.TypeName())
	}))
	return statefun.Define(statefun.MustTypeName(f.name), parts...)
}

func (m *ourMachine) get(state int) (any, bool, error) { return m.states[state].get(m.inv) }
func (m *ourMachine) set(state int, v any)             { m.states[state].set(m.inv, v) }
func (m *ourMachine) clear(state int)                  { m.states[state].clear(m.inv) }
func (m *ourMachine) record(s *step, v any)            { m.egresses[s.egress].send(m.inv, s, v) }
func (m *ourMachine) forward(s *step)                  { m.inv.Forward(s.to()) }
func (m *ourMachine) reply(v any)                      { ourTypes[kindOf(v)].messages().reply(m.inv, v) }

func (m *ourMachine) send(s *step, v any)          { ourTypes[kindOf(v)].messages().send(m.inv, s.to(), v) }
func (m *ourMachine) cancel(s *step, token string) { m.inv.Cancel(s.cancelToken(token)) }

func (m *ourMachine) after(s *step, v any, token string) {
	if token == "" {
		ourTypes[kindOf(v)].messages().after(m.inv, s, s.to(), v)
		return
	}
	ourTypes[kindOf(v)].messages().after(m.inv, s, s.to(), v, s.cancelToken(token))
}

func (m *ourMachine) who() (self, caller wire.Address, called bool) {
	from, called := m.inv.Caller()
	return ourAddress(m.inv.Self()), ourAddress(from), called
}

func ourAddress(a statefun.Address) wire.Address {
	if a.Type.Namespace() == "" || a.Type.Name() == "" {
		return wire.Address{ID: a.ID} // all that the official SDK keeps of it
	}
	return wire.Address{Namespace: a.Type.Namespace(), Name: a.Type.Name(), ID: a.ID}
}

func (s *step) to() statefun.Address { return statefun.MustTypeName(s.target).Address(s.id) }

func (s *step) cancelToken(text string) statefun.CancelToken {
	if s.raw {
		return statefun.RawToken(text)
	}
	return statefun.Token(text)
}

// officialMachine runs scripts on the official SDK.
type officialMachine struct {
	f   *functionPlan
	ctx official.Context
	msg official.Message
}

func officialRegistry(tb testing.TB, p *plan) invoke {
	tb.Helper()
	var specs []official.StatefulFunctionSpec
	for i := range p.functions {
		specs = append(specs, officialFunction(&p.functions[i]))
	}
	return newOfficial(tb, &workload{official: func() []official.StatefulFunctionSpec { return specs }})
}

func officialFunction(f *functionPlan) official.StatefulFunctionSpec {
	sc := &script{f: f}
	spec := official.StatefulFunctionSpec{FunctionType: official.TypeNameFrom(f.name)}
	for _, s := range f.states {
		spec.States = append(spec.States, s.official())
	}
	spec.Function = official.StatefulFunctionPointer(func(ctx official.Context, msg official.Message) error {
		for k, t := range officialTypes {
			if !msg.Is(t) {
				continue
			}
			v, err := receive(kind(k), func(receiver any) error { return msg.As(t, receiver) })
			if err != nil {
				return err
			}
			return sc.run(&officialMachine{f, ctx, msg}, v)
		}
		return errors.New("a message of an unknown type")
	})
	return spec
}

func (s *statePlan) official() official.ValueSpec {
	spec := official.ValueSpec{Name: s.name, ValueType: officialTypes[s.kind]}
	switch s.mode {
	case wire.ExpireAfterWrite:
		spec.Expiration = official.ExpireAfterWrite(s.ttl)
	case wire.ExpireAfterInvoke:
		spec.Expiration = official.ExpireAfterCall(s.ttl)
	default:
	}
	return spec
}

func (m *officialMachine) get(state int) (v any, ok bool, err error) {
	s := &m.f.states[state]
	v, err = receive(s.kind, func(receiver any) error {
		ok = m.ctx.Storage().Get(s.official(), receiver)
		return nil
	})
	return v, ok, err
}

func (m *officialMachine) set(state int, v any) {
	m.ctx.Storage().Set(m.f.states[state].official(), v)
}

func (m *officialMachine) clear(state int) { m.ctx.Storage().Remove(m.f.states[state].official()) }

func (m *officialMachine) send(s *step, v any) { m.ctx.Send(s.message(v)) }

func (m *officialMachine) after(s *step, v any, token string) {
	if token == "" {
		m.ctx.SendAfter(s.delay, s.message(v))
		return
	}
	m.ctx.SendAfterWithCancellationToken(s.delay, officialToken(token), s.message(v))
}

func (m *officialMachine) cancel(_ *step, token string) {
	m.ctx.CancelDelayedMessage(officialToken(token))
}

func officialToken(text string) official.CancellationToken {
	token, err := official.NewCancellationToken(text)
	if err != nil {
		panic(err)
	}
	return token
}

func (m *officialMachine) forward(s *step) {
	b := s.message(m.msg.RawValue())
	b.ValueType = bytesType{m.msg.ValueTypeName()}
	m.ctx.Send(b)
}

func (m *officialMachine) reply(v any) {
	m.ctx.Send(official.MessageBuilder{Target: *m.ctx.Caller(), Value: v, ValueType: officialTypes[kindOf(v)]})
}

func (m *officialMachine) record(s *step, v any) {
	e := &m.f.egresses[s.egress]
	id, dest, t := official.TypeNameFrom(e.id), e.dest, officialTypes[e.kind]
	if s.dest != "" {
		dest = s.dest
	}
	if e.plain && (e.kind == kindString || e.kind == kindBytes) && e.flavor != generic {
		t = nil
	}
	switch e.flavor {
	case kafka:
		m.ctx.SendEgress(&official.KafkaEgressBuilder{Target: id, Topic: dest, Key: s.key, Value: v, ValueType: t})
	case kinesis:
		m.ctx.SendEgress(&official.KinesisEgressBuilder{Target: id, Stream: dest, PartitionKey: s.key, ExplicitHashKey: s.hash, Value: v, ValueType: t})
	default:
		m.ctx.SendEgress(&official.GenericEgressBuilder{Target: id, Value: v, ValueType: t})
	}
}

func (m *officialMachine) who() (self, caller wire.Address, called bool) {
	if c := m.ctx.Caller(); c != nil {
		caller, called = officialAddress(*c), true
	}
	return officialAddress(m.ctx.Self()), caller, called
}

func officialAddress(a official.Address) wire.Address {
	if a.FunctionType == nil {
		return wire.Address{ID: a.Id}
	}
	return wire.Address{Namespace: a.FunctionType.GetNamespace(), Name: a.FunctionType.GetType(), ID: a.Id}
}

func (s *step) message(v any) official.MessageBuilder {
	return official.MessageBuilder{
		Target: official.Address{FunctionType: official.TypeNameFrom(s.target), Id: s.id},
		Value:  v, ValueType: officialTypes[kindOf(v)],
	}
}
