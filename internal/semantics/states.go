package semantics

import (
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Spec is a registered state.
type Spec struct {
	Name     string
	TypeName string // as the runtime writes it; empty in version 2
	Mode     wire.ExpireMode
	TTL      int64 // milliseconds; 0 where Mode is ExpireNone
}

// States are the states of one function type that the runtime knows, in the
// order in which they were registered, which is the order of every request.
// They grow by [States.Handshake] and [States.Redeclare] and never shrink; a
// version 2 runtime knows them from the beginning, see [Declare].
//
// A *States is immutable and safe for concurrent use: a runtime keeps the
// current one per function type, and with each request in flight the one that
// the request was built with. The registry of Flink lives in memory; after a
// restart it is empty again.
type States struct {
	version wire.Version
	specs   []Spec
	index   map[string]int // only with many specs
}

// manySpecs is the number from which on a map is faster than a scan.
const manySpecs = 16

// NewStates returns the states of a function type before its first handshake:
// none.
func NewStates(v wire.Version) *States { return &States{version: v} }

// Declare returns the states that a module file declares for a version 2
// function. Typenames are ignored. Reserved names, names declared twice and an
// expiry below 1 ms with a mode are failures.
func Declare(namespace, name string, specs []wire.StateSpec) (*States, error) {
	function := wire.Address{Namespace: namespace, Name: name}
	s := NewStates(wire.V2).grow(len(specs))
	for i := range specs {
		plain := specs[i]
		plain.TypeName = ""
		spec, f := newSpec(&plain)
		if f == nil && s.Index(spec.Name) >= 0 {
			f = &Failure{Kind: KindSpecName, Reason: "the state is declared twice", Advice: "declare it once"}
		}
		if f != nil {
			return nil, specFailure(f, function, i, &specs[i])
		}
		spec.TypeName = ""
		s.add(spec)
	}
	return s, nil
}

// Version returns the version of the protocol.
func (s *States) Version() wire.Version { return s.version }

// Len returns the number of states.
func (s *States) Len() int { return len(s.specs) }

// Spec returns the i-th state.
func (s *States) Spec(i int) Spec { return s.specs[i] }

// Index returns the position of the state with this name, or -1.
func (s *States) Index(name string) int {
	if s.index != nil {
		if i, ok := s.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range s.specs {
		if s.specs[i].Name == name {
			return i
		}
	}
	return -1
}

// Handshake registers the states that target asks for in answer to a request
// that was built with the states sent, and returns the states to build the
// same request with again; s, the current ones, stay as they are.
//
// Of a known name only the typename counts, and the first registration's
// expiry stays. Failures are a typename that cannot be parsed or is not the
// registered one, an expiry below 1 ms with a mode, a name that the runtime
// uses itself, and [KindLoop]: where every name was already in the request,
// another request could only be answered in the same way.
//
// Source: PersistedRemoteFunctionValues.registerStates of StateFun 3.3.
func (s *States) Handshake(target wire.Address, sent *States, missing []wire.StateSpec) (*States, error) {
	next, progress := s, false
	for i := range missing {
		spec, f := newSpec(&missing[i])
		known := next.Index(missing[i].Name)
		switch {
		case known >= 0 && (f == nil || f.Kind != KindSpecType):
			if f = nil; next.specs[known].TypeName != spec.TypeName {
				f = typeMismatch(next.specs[known].TypeName, spec.TypeName)
			}
		case f == nil:
			if next == s {
				next = s.grow(len(missing) - i)
			}
			next.add(spec)
		}
		if f != nil {
			return s, specFailure(f, target, i, &missing[i])
		}
		progress = progress || sent.Index(spec.Name) < 0
	}
	if !progress {
		return s, loop(target, missing)
	}
	return next, nil
}

// Redeclare registers the states that target asks for in answer to a request
// without any, although s knows some: each takes the place of the one with its
// name, and the others stay. So a function that has been replaced by another
// version says what it declares now, as Flink learns it when its job restarts.
// Failures are those of [States.Handshake] for a first answer.
func (s *States) Redeclare(target wire.Address, missing []wire.StateSpec) (*States, error) {
	none := NewStates(s.version)
	declared, err := none.Handshake(target, none, missing)
	if err != nil {
		return s, err
	}
	next := s.grow(declared.Len())
	for _, spec := range declared.specs {
		if i := next.Index(spec.Name); i >= 0 {
			next.specs[i] = spec
		} else {
			next.add(spec)
		}
	}
	return next, nil
}

// newSpec checks one spec by itself. The returned spec has its canonical
// typename also where the rest of it is refused.
func newSpec(in *wire.StateSpec) (Spec, *Failure) {
	spec := Spec{Name: strings.Clone(in.Name)}
	var ok bool
	if spec.TypeName, ok = canonicalTypeName(in.TypeName); !ok {
		return spec, &Failure{
			Kind: KindSpecType, Reason: fmt.Sprintf("invalid type name string %q", in.TypeName),
			Advice: "a state's typename is <namespace>/<name> with exactly one slash",
		}
	}
	if in.Name == "batch" || in.Name == "request-state" {
		return spec, &Failure{
			Kind: KindSpecName, Reason: "the runtime keeps its own queue under this name (Flink: ClassCastException)",
			Advice: "rename the state",
		}
	}
	if in.Mode != wire.ExpireAfterWrite && in.Mode != wire.ExpireAfterInvoke {
		return spec, nil
	}
	if in.ExpireAfterMillis <= 0 {
		return spec, &Failure{
			Kind: KindSpecExpiry, Reason: fmt.Sprintf("the state expires after %d ms (Flink: TTL is expected to be positive)", in.ExpireAfterMillis),
			Advice: "let it expire after 1 ms or more, or never",
		}
	}
	spec.TypeName = strings.Clone(spec.TypeName)
	spec.Mode, spec.TTL = in.Mode, in.ExpireAfterMillis
	return spec, nil
}

func typeMismatch(was, is string) *Failure {
	return &Failure{
		Kind: KindStateType, Reason: fmt.Sprintf("previous type was %s, new type is %s", was, is),
		Advice: "keep the type of a state; for another type take another name",
	}
}

func specFailure(f *Failure, target wire.Address, i int, spec *wire.StateSpec) error {
	f.Target, f.Effect = target, fmt.Sprintf("missing_values %d: state %q", i, spec.Name)
	return f
}

func loop(target wire.Address, missing []wire.StateSpec) error {
	f := &Failure{
		Kind: KindLoop, Target: target, Effect: "incomplete_invocation_context",
		Reason: "the list of missing states is empty, and Flink would send the same request again, for ever",
		Advice: "answer so only when a declared state is not in the request",
	}
	if len(missing) > 0 {
		f.Reason = fmt.Sprintf("all missing states, %q among them, were in the request, and Flink would send it again, for ever", missing[0].Name)
	}
	return f
}

// grow returns a copy of s to which add may append n specs.
func (s *States) grow(n int) *States {
	return &States{version: s.version, specs: append(make([]Spec, 0, len(s.specs)+n), s.specs...), index: maps.Clone(s.index)}
}

// add appends to a copy that nobody else has seen yet.
func (s *States) add(spec Spec) {
	s.specs = append(s.specs, spec)
	switch {
	case s.index != nil:
		s.index[spec.Name] = len(s.specs) - 1
	case len(s.specs) > manySpecs:
		s.index = make(map[string]int, cap(s.specs))
		for i := range s.specs {
			s.index[s.specs[i].Name] = i
		}
	}
}

// expired reports whether a value that was last renewed at touched is gone at
// now. Like Flink, a sum beyond the largest time means never.
func (s *Spec) expired(touched, now int64) bool {
	if s.Mode == wire.ExpireNone || touched > 0 && s.TTL > math.MaxInt64-touched {
		return false
	}
	return touched+s.TTL <= now
}
