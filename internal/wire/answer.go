package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Answer is a decoded FromFunction. At most one of HasResult and
// HasIncomplete is set; with neither, the answer is a success without effects.
type Answer struct {
	HasResult     bool // field 100
	HasIncomplete bool // field 101; a version 2 runtime does not know it

	Mutations []Mutation
	Messages  []Message
	Delayed   []Delayed
	Egresses  []Egress

	Missing []StateSpec
}

// MutationType is PersistedValueMutation.MutationType. Other values than the
// two named are kept as they came.
type MutationType int32

// The mutation types. Delete is the zero value on the wire.
const (
	Delete MutationType = 0
	Modify MutationType = 1
)

// Mutation is a FromFunction.PersistedValueMutation. Value is as in [State].
type Mutation struct {
	Type     MutationType
	Name     string
	HasValue bool
	Value    []byte
	last     int
}

// Opaque returns the value as version 2 means it.
func (m *Mutation) Opaque() []byte { return m.Value[m.last:] }

// Message is a FromFunction.Invocation: a message to another function.
// Argument is encoded, see [ParseValue].
type Message struct {
	Target      Address
	HasArgument bool
	Argument    []byte
}

// Delayed is a FromFunction.DelayedInvocation: a message to be delivered
// later, or the cancellation of one.
type Delayed struct {
	Message
	DelayMillis int64
	Cancel      bool
	Token       string
}

// Egress is a FromFunction.EgressMessage.
type Egress struct {
	Namespace, Name string
	HasArgument     bool
	Argument        []byte
}

// ExpireMode is FromFunction.ExpirationSpec.ExpireMode. Other values than the
// three named are kept as they came; the runtime takes them for None.
type ExpireMode int32

// The expiration modes.
const (
	ExpireNone        ExpireMode = 0
	ExpireAfterWrite  ExpireMode = 1
	ExpireAfterInvoke ExpireMode = 2
)

// StateSpec is a FromFunction.PersistedValueSpec.
type StateSpec struct {
	Name              string
	TypeName          string
	Mode              ExpireMode
	ExpireAfterMillis int64
}

// Decode reads b into a, which may be used again and keeps its slices. On
// error a holds no meaning. a is a view of b. Version 2 knows neither field
// 101 nor tokens and cancellation; it skips them as a 2.x runtime does.
func (a *Answer) Decode(v Version, b []byte) error {
	a.reset()
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(100, protowire.BytesType):
			if a.HasIncomplete { // a oneof: the last one counts
				a.reset()
			}
			a.HasResult = true
			if err := a.decodeResult(v, f.data); err != nil {
				return fmt.Errorf("invocation_result: %w", err)
			}
		case v == V3 && f.is(101, protowire.BytesType):
			if a.HasResult {
				a.reset()
			}
			a.HasIncomplete = true
			if err := a.decodeIncomplete(f.data); err != nil {
				return fmt.Errorf("incomplete_invocation_context: %w", err)
			}
		}
	}
	return nil
}

func (a *Answer) reset() {
	*a = Answer{
		Mutations: a.Mutations[:0], Messages: a.Messages[:0], Delayed: a.Delayed[:0],
		Egresses: a.Egresses[:0], Missing: a.Missing[:0],
	}
}

func (a *Answer) decodeResult(v Version, b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		if f.typ != protowire.BytesType {
			continue
		}
		switch f.number {
		case 1:
			err = decodeInto(&a.Mutations, MaxStates, "state_mutations", f.data, func(m *Mutation, b []byte) error { return m.decode(b) })
		case 2:
			err = decodeInto(&a.Messages, MaxInvocations, "outgoing_messages", f.data, func(m *Message, b []byte) error { return m.decode(b) })
		case 3:
			err = decodeInto(&a.Delayed, MaxInvocations, "delayed_invocations", f.data, func(d *Delayed, b []byte) error { return d.decode(v, b) })
		case 4:
			err = decodeInto(&a.Egresses, MaxInvocations, "outgoing_egresses", f.data, func(e *Egress, b []byte) error { return e.decode(b) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decodeInto appends one decoded element to list.
func decodeInto[T any](list *[]T, limit int, name string, data []byte, decode func(*T, []byte) error) error {
	if len(*list) >= limit {
		return fmt.Errorf("%s: %w of %d", name, ErrTooMany, limit)
	}
	var zero T
	*list = append(*list, zero)
	if err := decode(&(*list)[len(*list)-1], data); err != nil {
		return fmt.Errorf("%s %d: %w", name, len(*list)-1, err)
	}
	return nil
}

func (m *Mutation) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.VarintType):
			m.Type = MutationType(int32(f.num)) //nolint:gosec // protobuf truncates enums so
		case f.is(2, protowire.BytesType):
			if m.Name, err = f.text("state_name"); err != nil {
				return err
			}
		case f.is(3, protowire.BytesType):
			m.HasValue, m.last = true, len(m.Value)
			m.Value = merge(m.Value, f.data)
		}
	}
	return nil
}

func (m *Message) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		if err := m.field(f, 1); err != nil {
			return err
		}
	}
	return nil
}

// field takes the target, field number first, and the argument after it.
func (m *Message) field(f field, first protowire.Number) error {
	switch {
	case f.is(first, protowire.BytesType):
		if err := decodeAddress(&m.Target, f.data); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	case f.is(first+1, protowire.BytesType):
		m.HasArgument = true
		m.Argument = merge(m.Argument, f.data)
	}
	return nil
}

func (d *Delayed) decode(v Version, b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.VarintType):
			d.DelayMillis = int64(f.num) //nolint:gosec // int64 on the wire
		case v == V3 && f.is(10, protowire.VarintType):
			d.Cancel = f.num != 0
		case v == V3 && f.is(11, protowire.BytesType):
			d.Token, err = f.text("cancellation_token")
		default:
			err = d.field(f, 2)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Egress) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			e.Namespace, err = f.text("egress_namespace")
		case f.is(2, protowire.BytesType):
			e.Name, err = f.text("egress_type")
		case f.is(3, protowire.BytesType):
			e.HasArgument = true
			e.Argument = merge(e.Argument, f.data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Answer) decodeIncomplete(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		if !f.is(1, protowire.BytesType) {
			continue
		}
		err = decodeInto(&a.Missing, MaxStates, "missing_values", f.data, func(s *StateSpec, b []byte) error { return s.decode(b) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *StateSpec) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			s.Name, err = f.text("state_name")
		case f.is(2, protowire.BytesType):
			err = s.decodeExpiration(f.data)
		case f.is(3, protowire.BytesType):
			s.TypeName, err = f.text("type_typename")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *StateSpec) decodeExpiration(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.VarintType):
			s.Mode = ExpireMode(int32(f.num)) //nolint:gosec // protobuf truncates enums so
		case f.is(2, protowire.VarintType):
			s.ExpireAfterMillis = int64(f.num) //nolint:gosec // int64 on the wire
		}
	}
	return nil
}
