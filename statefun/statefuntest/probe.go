package statefuntest

import (
	"context"
	"errors"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// A probe is a function of our own, of the same type as the user's. Running it
// in a handler is how a test looks at encoded values: with the real decoder,
// under the protocol at hand.

// message decodes an encoded argument.
func (r *Runtime) message(argument []byte) (m statefun.Message, err error) {
	name := statefun.MustTypeName("statefuntest/probe")
	err = r.probe(name.Address("probe"), nil, argument, statefun.OnAny(func(_ context.Context, _ *statefun.Invocation, got statefun.Message) error {
		m = got
		return nil
	}))
	return m, err
}

// probe runs a function with the given parts for one message.
func (r *Runtime) probe(at statefun.Address, states []wire.State, argument []byte, parts ...statefun.Part) error {
	h, err := statefun.New([]statefun.Function{statefun.Define(at.Type, parts...)}, &statefun.Options{Protocol: r.opts.Protocol})
	if err != nil {
		return err
	}
	request := wire.AppendRequest(nil, &wire.Request{
		HasBatch: true, HasTarget: true, Target: wireAddress(at), States: states,
		Invocations: []wire.Invocation{{HasArgument: true, Argument: argument}},
	})
	_, err = h.Append(context.Background(), nil, request)
	return err
}

// State returns the value of a state of a function instance, and whether there
// is one: what a request sent now would carry. Looking renews nothing. It fails
// the test where the function does not declare the state, or the stored value
// is of another type.
func State[T any](r *Runtime, of statefun.Address, s *statefun.State[T]) (T, bool) {
	r.tb.Helper()
	var v T
	found := false
	read := func(_ context.Context, inv *statefun.Invocation, _ statefun.Message) (err error) {
		v, found, err = s.Lookup(inv)
		return err
	}
	stored, err := r.stored(of, s.Name())
	if err == nil {
		nothing := wire.AppendValue(nil, r.version, wire.Value{TypeName: "statefuntest/probe", Has: true})
		err = r.probe(of, []wire.State{stored}, nothing, s, statefun.OnAny(read))
	}
	if err != nil {
		r.tb.Fatalf("statefuntest: state %q of %v: %v", s.Name(), of, err)
	}
	return v, found
}

// stored returns a state as the next request would carry it.
func (r *Runtime) stored(of statefun.Address, name string) (wire.State, error) {
	state := wire.State{Name: name}
	m, at := r.machine, wireAddress(of)
	if !m.HasFunction(at.Namespace, at.Name) || m.outside[typeOf(at)] {
		return state, errors.New("no such function is among those given to New")
	}
	if err := r.fns.checkDeclared(typeOf(at), name); err != nil {
		return state, err
	}
	states, in := m.types[typeOf(at)], m.byAddr[at]
	if states == nil || in == nil {
		return state, nil
	}
	if i := states.Index(name); i >= 0 && i < len(in.cells) {
		cell := states.Live(i, in.cells[i], m.now)
		state.HasValue, state.Value = cell.Present, cell.Value
	}
	return state, nil
}

// checkDeclared finds a state that a test looks at in vain.
func (f *functions) checkDeclared(t functionType, name string) error {
	if f.plain == nil {
		return nil
	}
	specs, err := f.ask(t)
	if err != nil {
		return err
	}
	for i := range specs {
		if specs[i].Name == name {
			return nil
		}
	}
	return errors.New("the function does not declare it")
}
