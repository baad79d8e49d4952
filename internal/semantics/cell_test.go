package semantics_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

func TestAttach(t *testing.T) {
	t.Parallel()
	value := typed("a/b", "v")
	tests := []struct {
		name    string
		spec    wire.StateSpec
		now     int64 // the value was touched at 1000
		present bool
		touched int64
	}{
		{"never", spec("s", "a/b"), math.MaxInt64, true, 1000},
		{"write, alive", expiring("s", wire.ExpireAfterWrite, 10), 1009, true, 1000},
		{"write, expired", expiring("s", wire.ExpireAfterWrite, 10), 1010, false, 0},
		{"invoke, alive", expiring("s", wire.ExpireAfterInvoke, 10), 1009, true, 1009},
		{"invoke, expired", expiring("s", wire.ExpireAfterInvoke, 10), 1010, false, 0},
		{"huge", expiring("s", wire.ExpireAfterWrite, math.MaxInt64), math.MaxInt64, true, 1000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := registered(t, test.spec)
			cells := []semantics.Cell{{Present: true, Value: value, Touched: 1000}}
			if live := s.Live(0, cells[0], test.now); live.Present != test.present || live.Present && live.Touched != 1000 {
				t.Errorf("live %+v", live)
			}
			changed, err := s.Attach(target(), cells, test.now)
			if err != nil {
				t.Fatal(err)
			}
			if cells[0].Present != test.present || cells[0].Touched != test.touched {
				t.Errorf("cell %+v", cells[0])
			}
			if want := !test.present || test.touched != 1000; changed != want {
				t.Errorf("changed is %v, want %v", changed, want)
			}
		})
	}
}

func TestAttachOfNoValue(t *testing.T) {
	t.Parallel()
	s := registered(t, expiring("s", wire.ExpireAfterInvoke, 10))
	cells := make([]semantics.Cell, 1)
	if changed, err := s.Attach(target(), cells, 5); changed || err != nil || cells[0].Touched != 0 {
		t.Errorf("%v, %v, %+v: an absent value has no clock", changed, err, cells[0])
	}
}

func TestAttachOfAnotherType(t *testing.T) {
	t.Parallel()
	s := registered(t, spec("s", "a/b"))
	_, err := s.Attach(target(), []semantics.Cell{{Present: true, Value: typed("a/c", "v")}}, 0)
	if kindOf(t, err) != semantics.KindStateType {
		t.Errorf("got %v", err)
	}
}

func TestAppendRequest(t *testing.T) {
	t.Parallel()
	v3 := registered(t, spec("z", "a/b"), spec("a", "a/b"), spec("empty", "a/b"))
	v2, err := semantics.Declare("shop", "cart", []wire.StateSpec{spec("z", ""), spec("a", ""), spec("empty", "")})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*semantics.States{v3, v2} {
		cells := []semantics.Cell{{Present: true, Value: typed("a/b", "v")}, {}, {Present: true}}
		calls := []wire.Invocation{
			{HasArgument: true, Argument: typed("t/x", "1")},
			{Caller: target(), HasCaller: true, HasArgument: true, Argument: typed("t/x", "2")},
		}
		var got wire.Request
		if err := got.Decode(s.AppendRequest(nil, target(), cells, calls)); err != nil {
			t.Fatal(err)
		}
		if got.Target != target() || len(got.States) != 3 || got.States[0].Name != "z" || got.States[1].Name != "a" {
			t.Errorf("version %d: %+v", s.Version(), got)
		}
		if !bytes.Equal(got.States[0].Value, cells[0].Value) || got.States[1].HasValue {
			t.Errorf("version %d: states %+v", s.Version(), got.States)
		}
		if want := s.Version() == wire.V3; got.States[2].HasValue != want {
			t.Errorf("version %d: the empty value is on the wire: %v, want %v", s.Version(), !want, want)
		}
		if len(got.Invocations) != 2 || got.Invocations[0].HasCaller || got.Invocations[1].Caller != target() {
			t.Errorf("version %d: invocations %+v", s.Version(), got.Invocations)
		}
	}
}

func TestCellTypeName(t *testing.T) {
	t.Parallel()
	if got := (semantics.Cell{Present: true, Value: typed("a/b", "")}).TypeName(); got != "a/b" {
		t.Errorf("got %q", got)
	}
	if got := (semantics.Cell{}).TypeName(); got != "" {
		t.Errorf("got %q", got)
	}
}
