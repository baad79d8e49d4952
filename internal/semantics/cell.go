package semantics

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Cell is the stored value of one state of one address. The zero value is no
// value. A runtime stores all three parts; Value is immutable once stored.
type Cell struct {
	Present bool
	// Value is an encoded TypedValue with the registered typename and
	// has_value in version 3, and opaque in version 2.
	Value []byte
	// Touched is when the value was last renewed, in Unix milliseconds: by a
	// write, or where the state expires after invoke, by being attached to a
	// request.
	Touched int64
}

// Attach prepares the cells of target, one for each state of s in its order,
// for a request that is built at now: it empties what has expired and renews
// what expires after invoke. changed is set where a cell is no longer what is
// stored. Attach at every build, also when the same invocations are sent again
// after a handshake or a restart.
//
// It fails where a stored value is not of the registered type, which happens
// when a function gives one of its states another type between two starts of
// the runtime.
func (s *States) Attach(target wire.Address, cells []Cell, now int64) (changed bool, err error) {
	for i := range s.specs {
		spec, cell := &s.specs[i], &cells[i]
		switch {
		case !cell.Present:
			continue
		case spec.expired(cell.Touched, now):
			*cell, changed = Cell{}, true
			continue
		case spec.Mode == wire.ExpireAfterInvoke && cell.Touched != now:
			cell.Touched, changed = now, true
		}
		if err := s.checkStored(target, spec, cell); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func (s *States) checkStored(target wire.Address, spec *Spec, cell *Cell) error {
	if s.version == wire.V2 {
		return nil
	}
	val, err := wire.ParseValue(wire.V3, cell.Value)
	if err == nil && val.TypeName == spec.TypeName {
		return nil
	}
	f := typeMismatch(val.TypeName, spec.TypeName)
	f.Target, f.Effect, f.Err = target, fmt.Sprintf("stored state %q", spec.Name), err
	return f
}

// Live returns what a request built at now would carry of the i-th state, and
// renews nothing: for those who look at state from outside.
func (s *States) Live(i int, cell Cell, now int64) Cell {
	if cell.Present && s.specs[i].expired(cell.Touched, now) {
		return Cell{}
	}
	return cell
}

// AppendRequest appends the request for target: all states in their order,
// with the cells that [States.Attach] prepared, and the invocations.
func (s *States) AppendRequest(dst []byte, target wire.Address, cells []Cell, invocations []wire.Invocation) []byte {
	states := make([]wire.State, len(s.specs))
	for i := range s.specs {
		states[i] = wire.State{Name: s.specs[i].Name, Value: cells[i].Value, HasValue: cells[i].Present}
		if s.version == wire.V2 && len(cells[i].Value) == 0 {
			states[i].HasValue = false // proto3 leaves empty bytes out
		}
	}
	return wire.AppendRequest(dst, &wire.Request{
		HasBatch: true, HasTarget: true, Target: target, States: states, Invocations: invocations,
	})
}

// storedValue returns what the runtime stores for a MODIFY of the state:
// has_value is not looked at, the typename must be the registered one, and
// unknown fields are dropped. The result is a copy of the answer's bytes.
func (s *States) storedValue(spec *Spec, m *wire.Mutation) ([]byte, *Failure) {
	if s.version == wire.V2 {
		return append([]byte{}, m.Opaque()...), nil
	}
	val, err := wire.ParseValue(wire.V3, m.Value)
	if err != nil {
		return nil, &Failure{Kind: KindMalformed, Reason: "the value is no TypedValue", Err: err, Advice: "write states as TypedValue"}
	}
	name, ok := canonicalTypeName(val.TypeName)
	if !ok || name != spec.TypeName {
		return nil, typeMismatch(spec.TypeName, val.TypeName)
	}
	val.TypeName, val.Has = spec.TypeName, true
	return wire.AppendValue(make([]byte, 0, len(m.Value)+len(name)+2), wire.V3, val), nil
}

// TypeName returns the typename of a version 3 cell, and "" for no value.
func (c Cell) TypeName() string {
	val, err := wire.ParseValue(wire.V3, c.Value)
	if !c.Present || err != nil {
		return ""
	}
	return strings.Clone(val.TypeName)
}

// Equal reports whether two cells hold the same value; when they were touched
// does not count.
func (c Cell) Equal(d Cell) bool { return c.Present == d.Present && bytes.Equal(c.Value, d.Value) }
