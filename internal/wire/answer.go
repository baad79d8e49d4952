package wire

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
	f := fields{b: b}
	for f.next() {
		switch {
		case f.tag == 100<<3|lenType:
			if a.HasIncomplete { // a oneof: the last one counts
				a.reset()
			}
			a.HasResult = true
			f.fail("invocation_result", a.decodeResult(v, f.data()))
		case f.tag == 101<<3|lenType && v == V3:
			if a.HasResult {
				a.reset()
			}
			a.HasIncomplete = true
			f.fail("incomplete_invocation_context", a.decodeIncomplete(f.data()))
		}
	}
	return f.err
}

func (a *Answer) reset() {
	*a = Answer{
		Mutations: a.Mutations[:0], Messages: a.Messages[:0], Delayed: a.Delayed[:0],
		Egresses: a.Egresses[:0], Missing: a.Missing[:0],
	}
}

func (a *Answer) decodeResult(v Version, b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			element(&f, &a.Mutations, MaxStates, "state_mutations", (*Mutation).decode)
		case 2<<3 | lenType:
			element(&f, &a.Messages, MaxInvocations, "outgoing_messages", (*Message).decode)
		case 3<<3 | lenType:
			element(&f, &a.Delayed, MaxInvocations, "delayed_invocations", func(d *Delayed, b []byte) error { return d.decode(v, b) })
		case 4<<3 | lenType:
			element(&f, &a.Egresses, MaxInvocations, "outgoing_egresses", (*Egress).decode)
		}
	}
	return f.err
}

func (m *Mutation) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | varintType:
			m.Type = MutationType(int32(f.num)) //nolint:gosec // protobuf truncates enums so
		case 2<<3 | lenType:
			m.Name = f.text("state_name")
		case 3<<3 | lenType:
			m.HasValue, m.last = true, len(m.Value)
			m.Value = merge(m.Value, f.data())
		}
	}
	return f.err
}

func (m *Message) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			m.target(&f)
		case 2<<3 | lenType:
			m.argument(&f)
		}
	}
	return f.err
}

func (m *Message) target(f *fields) { f.fail("target", decodeAddress(&m.Target, f.data())) }

func (m *Message) argument(f *fields) {
	m.HasArgument = true
	m.Argument = merge(m.Argument, f.data())
}

func (d *Delayed) decode(v Version, b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch {
		case f.tag == 1<<3|varintType:
			d.DelayMillis = int64(f.num) //nolint:gosec // int64 on the wire
		case f.tag == 2<<3|lenType:
			d.target(&f)
		case f.tag == 3<<3|lenType:
			d.argument(&f)
		case f.tag == 10<<3|varintType && v == V3:
			d.Cancel = f.num != 0
		case f.tag == 11<<3|lenType && v == V3:
			d.Token = f.text("cancellation_token")
		}
	}
	return f.err
}

func (e *Egress) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			e.Namespace = f.text("egress_namespace")
		case 2<<3 | lenType:
			e.Name = f.text("egress_type")
		case 3<<3 | lenType:
			e.HasArgument = true
			e.Argument = merge(e.Argument, f.data())
		}
	}
	return f.err
}

func (a *Answer) decodeIncomplete(b []byte) error {
	f := fields{b: b}
	for f.next() {
		if f.tag == 1<<3|lenType {
			element(&f, &a.Missing, MaxStates, "missing_values", (*StateSpec).decode)
		}
	}
	return f.err
}

func (s *StateSpec) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			s.Name = f.text("state_name")
		case 2<<3 | lenType:
			f.fail("expiration_spec", s.decodeExpiration(f.data()))
		case 3<<3 | lenType:
			s.TypeName = f.text("type_typename")
		}
	}
	return f.err
}

func (s *StateSpec) decodeExpiration(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | varintType:
			s.Mode = ExpireMode(int32(f.num)) //nolint:gosec // protobuf truncates enums so
		case 2<<3 | varintType:
			s.ExpireAfterMillis = int64(f.num) //nolint:gosec // int64 on the wire
		}
	}
	return f.err
}
