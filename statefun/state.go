package statefun

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// State is a handle to one value that the runtime keeps for each address of a
// function. Make it once with [NewState], name it in [Define], and use it with
// the [Invocation] at hand. Its identity is the pointer: two handles of one
// name are two states, and one function can declare only one of them.
//
// A handle holds no value and is safe for concurrent use.
type State[T any] struct {
	decl stateDecl
	typ  Type[T]
}

// stateDecl is what a function knows of a state, whatever its type.
type stateDecl struct {
	spec    wire.StateSpec
	message bool // a protobuf message, see codec.takes
	err     error
}

// StateOption configures [NewState].
type StateOption struct {
	mode  wire.ExpireMode
	after time.Duration
}

// ExpireAfterWrite lets the value expire d after it was last written. d is at
// least one millisecond and is rounded up to whole ones. The runtime looks at
// its own clock when it builds a request: a value may expire between two
// batches, never within one. A runtime keeps the first setting that it learns
// until it restarts.
//
// Version 2 of the protocol declares expiration in module.yaml; there this
// option does nothing but log one warning that says what to write.
func ExpireAfterWrite(d time.Duration) StateOption {
	return StateOption{wire.ExpireAfterWrite, d}
}

// ExpireAfterCall is [ExpireAfterWrite] with a clock that starts anew also at
// each batch that the runtime sends with the value, read or not.
func ExpireAfterCall(d time.Duration) StateOption {
	return StateOption{wire.ExpireAfterInvoke, d}
}

// NewState returns a handle to a state. The name is a letter or an underscore,
// then letters, digits and underscores; batch and request-state are the
// runtime's own. The type's name has the form namespace/name with exactly one
// slash, and must not change while values are stored. Mistakes are reported by
// [New].
func NewState[T any](name string, t Type[T], opts ...StateOption) *State[T] {
	s := &State[T]{typ: t}
	s.decl.spec = wire.StateSpec{Name: name, TypeName: t.Name()}
	s.decl.message = t.c != nil && t.c.message
	s.decl.err = errors.Join(checkStateName(name), t.check(), checkStateType(t.Name()), s.decl.expire(opts))
	return s
}

func checkStateName(name string) error {
	switch {
	case name == "batch" || name == "request-state":
		return errors.New("the runtime keeps its own data under this name: choose another")
	case !isIdentifier(name):
		return errors.New("a state's name is a letter or underscore, then letters, digits and underscores")
	}
	return nil
}

// isIdentifier reports whether s is a letter or underscore of ASCII, then
// letters, digits and underscores: what all SDKs but JavaScript's take.
func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if digit := '0' <= c && c <= '9'; !letter && (!digit || i == 0) {
			return false
		}
	}
	return s != ""
}

// checkStateType refuses what the runtime cannot register: it splits the name
// at every slash and wants two parts.
func checkStateType(name string) error {
	t, err := ParseTypeName(name)
	if err != nil || strings.ContainsRune(t.namespace, '/') {
		return fmt.Errorf("type %q: a state's type needs a name of the form namespace/name, with exactly one slash", name)
	}
	return nil
}

func (d *stateDecl) expire(opts []StateOption) error {
	if len(opts) > 1 {
		return errors.New("a state expires in one way: give at most one option")
	}
	for _, o := range opts {
		if o.mode == wire.ExpireNone {
			return errors.New("the zero StateOption: use ExpireAfterWrite or ExpireAfterCall")
		}
		if o.after < time.Millisecond {
			return fmt.Errorf("expiration after %v: the runtime needs at least 1ms", o.after)
		}
		d.spec.Mode, d.spec.ExpireAfterMillis = o.mode, wholeMillis(o.after)
	}
	return nil
}

// wholeMillis rounds up to milliseconds, the wire's unit.
func wholeMillis(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d%time.Millisecond != 0 {
		ms++
	}
	return ms
}

func (s *State[T]) part(d *definition) {
	if s == nil {
		d.problem("a nil *State is declared")
		return
	}
	if s.decl.spec.Name == "" && s.decl.err == nil {
		d.problem("the zero State: make one with NewState")
		return
	}
	d.addState(&s.decl)
}

// Name returns the name that the state was made with.
func (s *State[T]) Name() string { return s.decl.spec.Name }

// Get returns the value, and where there is none T's zero value; for [Proto]
// types a new empty message. It sees what earlier messages of the batch wrote.
//
// What a caller can change (slices, maps, messages) is decoded anew at each
// call: a change is kept by [State.Set] alone.
//
// A failed read also fails the message, whatever the function returns but an
// error of its own; to look at a value of another type use [State.Raw].
func (s *State[T]) Get(inv *Invocation) (T, error) {
	v, ok, err := s.Lookup(inv)
	if err == nil && !ok && s.typ.c.absent != nil {
		v = s.typ.c.absent()
	}
	return v, err
}

// Lookup is [State.Get] that tells an absent value from a zero one.
func (s *State[T]) Lookup(inv *Invocation) (v T, ok bool, err error) {
	b, err := inv.open()
	if err != nil {
		return v, false, err
	}
	c := b.cell(&s.decl)
	if c == nil {
		return v, false, b.fail(fmt.Errorf("read state %q: %w", s.Name(), b.undeclaredState(s.Name())))
	}
	if c.err != nil {
		return v, false, b.fail(fmt.Errorf("read state %q: %w", s.Name(), c.err))
	}
	if !c.present {
		return v, false, nil
	}
	if c.cached != nil {
		v, ok = c.cached.(T)
		return v, ok, nil
	}
	if !s.typ.c.takes(c.typename, b.version) {
		return v, false, b.fail(fmt.Errorf("read state %q: the stored value is of type %q, the declared type is %q", s.Name(), c.typename, s.typ.c.name))
	}
	if v, err = s.typ.c.decode(c.data); err != nil {
		return v, false, b.fail(fmt.Errorf("read state %q: decode a value of type %q: %w", s.Name(), s.typ.c.name, err))
	}
	if s.typ.c.immutable {
		c.cached = v
	}
	return v, true, nil
}

// Raw returns the stored typename and bytes, whatever they are: for migrations.
// ok is false where there is no value. The bytes may be kept but not written.
// Under version 2, bytes that are no Any come with an empty typename.
func (s *State[T]) Raw(inv *Invocation) (typename string, value []byte, ok bool) {
	b, err := inv.open()
	if err != nil {
		return "", nil, false
	}
	c := b.cell(&s.decl)
	if c == nil {
		_ = b.fail(fmt.Errorf("read state %q: %w", s.Name(), b.undeclaredState(s.Name())))
		return "", nil, false
	}
	if !c.present {
		return "", nil, false
	}
	if c.own >= 0 {
		return c.typename, bytes.Clone(c.data), true
	}
	return c.typename, c.data, true
}

// Set writes the value; later messages of the batch see it, and the runtime
// stores it when the whole batch has succeeded. Writing an equal value is a
// write: it restarts the expiration. v is encoded at once and not kept.
func (s *State[T]) Set(inv *Invocation, v T) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	c := b.cell(&s.decl)
	if c == nil {
		_ = b.fail(fmt.Errorf("write state %q: %w", s.Name(), b.undeclaredState(s.Name())))
		return
	}
	b.touch(c)
	if err := s.write(b, c, v); err != nil {
		_ = b.fail(fmt.Errorf("write state %q: %w", s.Name(), err))
	}
}

// write encodes v into the cell. A value that decoded values may share memory
// with gets a slice of its own, exactly as long as it.
func (s *State[T]) write(b *batch, c *cell, v T) error {
	if s.typ.c.retains {
		val, err := s.typ.value(b, v)
		if err != nil {
			return err
		}
		c.write(s.typ.c.name, -1, slices.Clip(bytes.Clone(val.Data)))
	} else {
		own := c.room()
		data, err := s.typ.encode(c.buffers[own][:0], v)
		if err != nil {
			return err
		}
		c.write(s.typ.c.name, own, data)
	}
	if s.typ.c.immutable {
		c.cached = v
	}
	return nil
}

// Clear removes the value.
func (s *State[T]) Clear(inv *Invocation) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	c := b.cell(&s.decl)
	if c == nil {
		_ = b.fail(fmt.Errorf("clear state %q: %w", s.Name(), b.undeclaredState(s.Name())))
		return
	}
	b.touch(c)
	c.clear()
}
