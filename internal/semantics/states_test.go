package semantics_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

func target() wire.Address { return wire.Address{Namespace: "shop", Name: "cart", ID: "ann"} }

// kindOf returns the kind of a failure, and 0 for nil.
func kindOf(t *testing.T, err error) semantics.Kind {
	t.Helper()
	if err == nil {
		return 0
	}
	f, ok := errors.AsType[*semantics.Failure](err)
	if !ok {
		t.Fatalf("%T is no *Failure: %v", err, err)
	}
	return f.Kind
}

func spec(name, typename string) wire.StateSpec {
	return wire.StateSpec{Name: name, TypeName: typename}
}

func expiring(name string, mode wire.ExpireMode, millis int64) wire.StateSpec {
	return wire.StateSpec{Name: name, TypeName: "a/b", Mode: mode, ExpireAfterMillis: millis}
}

// registered returns states after one handshake.
func registered(t *testing.T, specs ...wire.StateSpec) *semantics.States {
	t.Helper()
	none := semantics.NewStates(wire.V3)
	s, err := none.Handshake(target(), none, specs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHandshakeOfOneSpec(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec     wire.StateSpec
		kind     semantics.Kind
		typename string
	}{
		{spec("s", "a/b"), 0, "a/b"},
		{spec("s", "a/b/"), 0, "a/b"},
		{spec("s", "a/b///"), 0, "a/b"},
		{spec("s", "/b"), 0, "/b"},
		{spec("s", ""), 0, "io.statefun.types/unset"},
		{spec("", "a/b"), 0, "a/b"},
		{spec("a.b ü", "a/b"), 0, "a/b"},
		{spec("s", "text"), semantics.KindSpecType, ""},
		{spec("s", "lab/"), semantics.KindSpecType, ""},
		{spec("s", "/"), semantics.KindSpecType, ""},
		{spec("s", "a/b/c"), semantics.KindSpecType, ""},
		{spec("s", "//b"), semantics.KindSpecType, ""},
		{spec("s", "a//b"), semantics.KindSpecType, ""},
		{spec("batch", "a/b"), semantics.KindSpecName, ""},
		{spec("request-state", "a/b"), semantics.KindSpecName, ""},
		{spec("Batch", "a/b"), 0, "a/b"},
		{expiring("s", wire.ExpireAfterWrite, 0), semantics.KindSpecExpiry, ""},
		{expiring("s", wire.ExpireAfterInvoke, -1), semantics.KindSpecExpiry, ""},
		{expiring("s", wire.ExpireAfterWrite, math.MaxInt64), 0, "a/b"},
		{expiring("s", wire.ExpireNone, -1), 0, "a/b"},
		{expiring("s", 9, 0), 0, "a/b"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%q %q %d %d", test.spec.Name, test.spec.TypeName, test.spec.Mode, test.spec.ExpireAfterMillis), func(t *testing.T) {
			t.Parallel()
			none := semantics.NewStates(wire.V3)
			s, err := none.Handshake(target(), none, []wire.StateSpec{test.spec})
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
			if err != nil {
				if s != none {
					t.Error("a failure changed the states")
				}
				return
			}
			if s.Len() != 1 || s.Spec(0).TypeName != test.typename || s.Index(test.spec.Name) != 0 {
				t.Errorf("registered %+v, want one of type %q", s.Spec(0), test.typename)
			}
			if none.Len() != 0 {
				t.Error("the earlier states changed")
			}
		})
	}
}

func TestHandshakeWithKnownStates(t *testing.T) {
	t.Parallel()
	known := registered(t, spec("a", "t/x"), expiring("b", wire.ExpireAfterWrite, 7))
	tests := []struct {
		name    string
		missing []wire.StateSpec
		kind    semantics.Kind
		want    int
	}{
		{"empty list", nil, semantics.KindLoop, 0},
		{"known only", []wire.StateSpec{spec("a", "t/x")}, semantics.KindLoop, 0},
		{"known only, typename written otherwise", []wire.StateSpec{spec("a", "t/x/")}, semantics.KindLoop, 0},
		{"known, other type", []wire.StateSpec{spec("a", "t/y")}, semantics.KindStateType, 0},
		{"known, bad type", []wire.StateSpec{spec("a", "t")}, semantics.KindSpecType, 0},
		{"known, bad expiry, is not looked at", []wire.StateSpec{expiring("b", wire.ExpireAfterWrite, -1), spec("c", "t/x")}, 0, 3},
		{"new after known", []wire.StateSpec{spec("a", "t/x"), spec("c", "t/x")}, 0, 3},
		{"new twice", []wire.StateSpec{spec("c", "t/x"), spec("c", "t/x")}, 0, 3},
		{"new twice, other type", []wire.StateSpec{spec("c", "t/x"), spec("c", "t/y")}, semantics.KindStateType, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := known.Handshake(target(), known, test.missing)
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
			if err == nil && s.Len() != test.want {
				t.Errorf("%d states, want %d", s.Len(), test.want)
			}
			if known.Len() != 2 || known.Spec(1).TTL != 7 {
				t.Error("the earlier states changed")
			}
		})
	}
}

// Two addresses meet the function at the same time: the second answer asks for
// states that the first has registered meanwhile, which is progress.
func TestHandshakeJudgesByTheRequest(t *testing.T) {
	t.Parallel()
	none := semantics.NewStates(wire.V3)
	now := registered(t, spec("a", "t/x"))
	s, err := now.Handshake(target(), none, []wire.StateSpec{spec("a", "t/x")})
	if err != nil || s != now {
		t.Errorf("got %v, %v; want the current states", s, err)
	}
}

func TestRedeclare(t *testing.T) {
	t.Parallel()
	known := registered(t, spec("a", "t/x"), expiring("b", wire.ExpireAfterWrite, 7))
	tests := []struct {
		name    string
		missing []wire.StateSpec
		kind    semantics.Kind
		want    []semantics.Spec // behind a failure, what was known
	}{
		{"as it was", []wire.StateSpec{spec("a", "t/x")}, 0, []semantics.Spec{known.Spec(0), known.Spec(1)}},
		{"other type", []wire.StateSpec{spec("a", "t/y/")}, 0, []semantics.Spec{{Name: "a", TypeName: "t/y"}, known.Spec(1)}},
		{"other expiration and a new state", []wire.StateSpec{spec("c", "t/x"), spec("b", "a/b")}, 0, []semantics.Spec{
			known.Spec(0), {Name: "b", TypeName: "a/b"}, {Name: "c", TypeName: "t/x"},
		}},
		{"nothing", nil, semantics.KindLoop, nil},
		{"two types", []wire.StateSpec{spec("a", "t/y"), spec("a", "t/x")}, semantics.KindStateType, nil},
		{"bad expiry", []wire.StateSpec{spec("a", "t/y"), expiring("b", wire.ExpireAfterWrite, 0)}, semantics.KindSpecExpiry, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := known.Redeclare(target(), test.missing)
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
			if err != nil && s != known {
				t.Error("a failure changed the states")
			}
			for i, want := range test.want {
				if s.Spec(i) != want || s.Index(want.Name) != i {
					t.Errorf("state %d is %+v, want %+v", i, s.Spec(i), want)
				}
			}
			if err == nil && s.Len() != len(test.want) {
				t.Errorf("%d states, want %d", s.Len(), len(test.want))
			}
			if known.Len() != 2 || known.Spec(0).TypeName != "t/x" || known.Spec(1).TTL != 7 {
				t.Error("the earlier states changed")
			}
		})
	}
}

func TestHandshakeWithManyStates(t *testing.T) {
	t.Parallel()
	var missing []wire.StateSpec
	for i := range 100 {
		missing = append(missing, spec(fmt.Sprint("s", i), "t/x"))
	}
	s := registered(t, missing...)
	s2, err := s.Handshake(target(), s, []wire.StateSpec{spec("s100", "t/x")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 101 {
		if got := s2.Index(fmt.Sprint("s", i)); got != i {
			t.Errorf("state %d is at %d", i, got)
		}
	}
	if s.Index("s100") >= 0 || s2.Index("s101") >= 0 {
		t.Error("found a state that is not there")
	}
}

func TestDeclare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		specs []wire.StateSpec
		kind  semantics.Kind
	}{
		{"none", nil, 0},
		{"typename is ignored", []wire.StateSpec{spec("a", "no slash"), spec("b", "")}, 0},
		{"two", []wire.StateSpec{spec("a", ""), expiring("b", wire.ExpireAfterInvoke, 1)}, 0},
		{"twice", []wire.StateSpec{spec("a", ""), spec("a", "")}, semantics.KindSpecName},
		{"batch", []wire.StateSpec{spec("batch", "")}, semantics.KindSpecName},
		{"request-state", []wire.StateSpec{spec("request-state", "")}, semantics.KindSpecName},
		{"zero expiry", []wire.StateSpec{expiring("a", wire.ExpireAfterWrite, 0)}, semantics.KindSpecExpiry},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := semantics.Declare("demo", "f", test.specs)
			if got := kindOf(t, err); got != test.kind {
				t.Fatalf("failure %v (%v), want %v", got, err, test.kind)
			}
			if err == nil && s.Len() != len(test.specs) {
				t.Errorf("%d states, want %d", s.Len(), len(test.specs))
			}
		})
	}
}
