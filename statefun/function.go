package statefun

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Function is a function type with its parts. Make it with [Define] and give
// it to [New]; it is immutable.
type Function struct {
	d *definition
}

// Name returns the function's type.
func (f Function) Name() TypeName {
	if f.d == nil {
		return TypeName{}
	}
	return f.d.name
}

// Egresses returns the ids of the egresses that the function may send to, its
// own dead-letter policy's included, in the order of declaration and each once:
// what a module must declare for it.
func (f Function) Egresses() []TypeName {
	if f.d == nil {
		return nil
	}
	var ids []TypeName
	for _, e := range f.d.egresses {
		ids = append(ids, e.id)
	}
	if f.d.deadLetter != nil {
		ids = append(ids, f.d.deadLetter.egress)
	}
	var once []TypeName
	for _, id := range ids {
		if id != (TypeName{}) && !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// Part is something that [Define] puts into a function: [On], [OnAny], a state
// or egress handle, or a [DeadLetterPolicy].
type Part interface {
	part(d *definition)
}

// Define returns a function type. States and egresses that its cases use must
// be among the parts; the order of the states is the order of the answers.
// Mistakes are reported by [New], all at once.
func Define(name TypeName, parts ...Part) Function {
	d := &definition{name: name}
	if name.namespace == "" || name.name == "" {
		d.problem("the function has no type name")
	}
	for i, p := range parts {
		if p == nil {
			d.problem("part %d is nil", i)
			continue
		}
		p.part(d)
	}
	if len(d.cases) == 0 && d.otherwise == nil {
		d.problem("the function takes no message: give it On or OnAny")
	}
	return Function{d}
}

// definition collects a function's parts.
type definition struct {
	name       TypeName
	cases      []messageCase
	otherwise  handlerFunc
	states     []*stateDecl
	egresses   []*egressDecl
	deadLetter *DeadLetterPolicy
	problems   []error
}

// handlerFunc runs a user's function for the message at hand.
type handlerFunc func(ctx context.Context, inv *Invocation) error

// messageCase is an On.
type messageCase struct {
	typename string
	message  bool // see codec.takes
	run      handlerFunc
}

func (d *definition) problem(format string, args ...any) {
	d.problems = append(d.problems, fmt.Errorf(format, args...))
}

func (d *definition) addState(s *stateDecl) {
	if s.err != nil {
		d.problem("state %q: %w", s.spec.Name, s.err)
	}
	for _, other := range d.states {
		if other == s {
			d.problem("state %q is declared twice", s.spec.Name)
		} else if other.spec.Name == s.spec.Name {
			d.problem("two states have the name %q: rename one, or use one handle", s.spec.Name)
		}
	}
	d.states = append(d.states, s)
}

func (d *definition) addEgress(e *egressDecl) {
	switch {
	case e.err != nil:
		d.problem("egress %v: %w", e.id, e.err)
	case e.id == TypeName{}:
		d.problem("the zero egress handle: make one with KafkaTopic, KinesisStream or NewEgress")
	}
	d.egresses = append(d.egresses, e)
}

// onCase is what On returns.
type onCase[T any] struct {
	t Type[T]
	f func(context.Context, *Invocation, T) error
}

// On says that f takes the messages of type t. f runs once for each message,
// one at a time for one address, in the order of arrival.
//
// A nil return commits the message's effects; an error fails the whole batch,
// which the runtime sends again, but see [Terminal]. f must be free of other
// side effects or idempotent: a batch can run more than once.
//
// ctx ends when the caller gives up. inv and its methods belong to this
// goroutine and to this batch; see [Invocation].
func On[T any](t Type[T], f func(ctx context.Context, inv *Invocation, msg T) error) Part {
	return onCase[T]{t, f}
}

func (o onCase[T]) part(d *definition) {
	if err := o.t.check(); err != nil {
		d.problem("On: %w", err)
		return
	}
	if o.f == nil {
		d.problem("On %q: the function is nil", o.t.Name())
		return
	}
	for _, c := range d.cases {
		if c.typename == o.t.Name() {
			d.problem("two cases take messages of type %q", c.typename)
		}
	}
	d.cases = append(d.cases, messageCase{o.t.Name(), o.t.c.message, o.run})
}

func (o onCase[T]) run(ctx context.Context, inv *Invocation) error {
	v, err := o.t.c.decodeValue(&inv.b.args[inv.b.index].value)
	if err != nil {
		return Terminal(err)
	}
	return o.f(ctx, inv, v)
}

// onAny is what OnAny returns.
type onAny func(context.Context, *Invocation, Message) error

// OnAny says that f takes the messages that no [On] of the function takes.
func OnAny(f func(ctx context.Context, inv *Invocation, msg Message) error) Part { return onAny(f) }

func (f onAny) part(d *definition) {
	switch {
	case f == nil:
		d.problem("OnAny: the function is nil")
	case d.otherwise != nil:
		d.problem("OnAny is given twice")
	default:
		d.otherwise = func(ctx context.Context, inv *Invocation) error { return f(ctx, inv, inv.b.message()) }
	}
}

// function is a definition that has passed New.
type function struct {
	*definition
	tokenPrefix string // of this function's cancellation tokens
}

// dispatch runs the case that takes the message at hand.
func (f *function) dispatch(ctx context.Context, inv *Invocation) error {
	b := inv.b
	arg := &b.args[b.index]
	if arg.err != nil {
		return Terminal(arg.err)
	}
	if c := f.find(arg.value.TypeName, b.version); c != nil {
		return c.run(ctx, inv)
	}
	if f.otherwise != nil {
		return f.otherwise(ctx, inv)
	}
	return Terminal(fmt.Errorf("no case of function %v takes messages of type %q", f.name, arg.value.TypeName))
}

// find returns the case that takes messages of a type, or nil. Only where none
// has the very name, version 2 looks at what is after the last slash.
func (f *function) find(name string, v wire.Version) *messageCase {
	for i := range f.cases {
		if f.cases[i].typename == name {
			return &f.cases[i]
		}
	}
	if v == wire.V2 {
		for i := range f.cases {
			if c := &f.cases[i]; c.message && afterSlash(c.typename) == afterSlash(name) {
				return c
			}
		}
	}
	return nil
}

// check returns what is wrong with the function, or nil.
func (f Function) check() error {
	if f.d == nil {
		return errors.New("statefun: the zero Function: make one with Define")
	}
	errs := make([]error, 0, len(f.d.problems))
	for _, p := range f.d.problems {
		errs = append(errs, fmt.Errorf("statefun: function %v: %w", f.d.name, p))
	}
	return errors.Join(errs...)
}
