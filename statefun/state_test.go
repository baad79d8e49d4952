package statefun_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

type basket struct {
	Items map[string]int `json:"items"`
}

// A state of every kind of type goes out and comes back, zero values too.
func TestStateRoundTrip(t *testing.T) {
	t.Parallel()
	roundTrip(t, statefun.Bool, true, false)
	roundTrip(t, statefun.Int32, 1, -1, 0, math.MaxInt32, math.MinInt32)
	roundTrip(t, statefun.Int64, 1, -1, 0, math.MaxInt64, math.MinInt64)
	roundTrip(t, statefun.Float32, 1.5, 0, float32(math.Inf(-1)))
	roundTrip(t, statefun.Float64, 1.5, 0, math.SmallestNonzeroFloat64)
	roundTrip(t, statefun.String, "hi", "", strings.Repeat("ü", 1000))
	roundTrip(t, statefun.Bytes("ns/blob"), []byte("x"), []byte{}, bytes.Repeat([]byte{7}, 70_000))
	roundTrip(t, statefun.JSON[basket]("ns/basket"), basket{Items: map[string]int{"a": 1}}, basket{})
	roundTrip(t, statefun.Custom("ns/dur",
		func(dst []byte, d time.Duration) ([]byte, error) { return append(dst, d.String()...), nil },
		func(data []byte) (time.Duration, error) { return time.ParseDuration(string(data)) }, statefun.Immutable()), time.Second, 0)
}

func roundTrip[T any](t *testing.T, typ statefun.Type[T], values ...T) {
	t.Helper()
	for _, want := range values {
		s := statefun.NewState("s", typ)
		h := define(t, nil, s, onText(func(inv *statefun.Invocation, step string) error {
			if step == "set" {
				s.Set(inv, want)
			}
			got, ok, err := s.Lookup(inv)
			if err != nil || !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: after %s: %v, %v, %v, want %v", typ.Name(), step, got, ok, err, want)
			}
			return nil
		}))
		a := serve(t, h, batchOf([]wire.State{absent("s")}, text("set"), text("get")))
		if len(a.Mutations) != 1 || a.Mutations[0].Type != wire.Modify || a.Mutations[0].Name != "s" {
			t.Fatalf("%s: mutations %+v", typ.Name(), a.Mutations)
		}
		val := parse(t, wire.V3, a.Mutations[0].Value)
		if val.TypeName != typ.Name() || !val.Has || !bytes.Equal(val.Data, encode(typ, want)) {
			t.Errorf("%s: the mutation holds %+v", typ.Name(), val)
		}
		serve(t, h, batchOf([]wire.State{{Name: "s", HasValue: true, Value: a.Mutations[0].Value}}, text("get")))
	}
}

// The bytes of the wrappers, from types.proto.
func TestBuiltinBytes(t *testing.T) {
	t.Parallel()
	for want, got := range map[string][]byte{
		"0801":                 encode(statefun.Bool, true),
		"0d01000000":           encode(statefun.Int32, 1),
		"0dffffffff":           encode(statefun.Int32, -1),
		"090100000000000000":   encode(statefun.Int64, 1),
		"0d0000803f":           encode(statefun.Float32, 1),
		"0d00000080":           encode(statefun.Float32, float32(math.Copysign(0, -1))),
		"09000000000000f03f":   encode(statefun.Float64, 1),
		"090000000000000080":   encode(statefun.Float64, math.Copysign(0, -1)),
		"0a026869":             encode(statefun.String, "hi"),
		"":                     append(encode(statefun.Bool, false), append(encode(statefun.Int64, 0), encode(statefun.String, "")...)...),
		"7b2261223a223c26227d": encode(statefun.JSON[map[string]string]("a/b"), map[string]string{"a": "<&"}),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("got %x, want %s", got, want)
		}
	}
}

func TestStateAbsentAndZero(t *testing.T) {
	t.Parallel()
	n := statefun.NewState("n", statefun.Int64)
	at := statefun.NewState("at", statefun.Proto[*timestamppb.Timestamp]())
	h := define(t, nil, n, at, onText(func(inv *statefun.Invocation, want string) error {
		v, ok, err := n.Lookup(inv)
		if err != nil || v != 0 || ok != (want == "zero") {
			t.Errorf("%s: %d, %v, %v", want, v, ok, err)
		}
		if m, err := at.Get(inv); err != nil || m == nil || m.GetSeconds() != 0 {
			t.Errorf("an absent message reads as %v, %v", m, err)
		}
		return nil
	}))
	zero := stateOf("n", wire.Value{TypeName: statefun.Int64.Name(), Has: true})
	unset := stateOf("n", wire.Value{TypeName: statefun.Int64.Name()})
	serve(t, h, batchOf([]wire.State{zero, absent("at")}, text("zero")))
	serve(t, h, batchOf([]wire.State{absent("n"), absent("at")}, text("absent")))
	serve(t, h, batchOf([]wire.State{unset, absent("at")}, text("absent")))
}

// Many writes are one mutation, an equal write is a write, a clear of nothing
// is a deletion; mutations come in the order of declaration.
func TestMutations(t *testing.T) {
	t.Parallel()
	a, b, c := statefun.NewState("a", statefun.Int64), statefun.NewState("b", statefun.Int64), statefun.NewState("c", statefun.Int64)
	h := define(t, nil, a, b, c, onText(func(inv *statefun.Invocation, step string) error {
		switch step {
		case "many":
			c.Set(inv, 1)
			c.Set(inv, 2)
			a.Set(inv, 5)
		case "clear":
			a.Set(inv, 1)
			a.Clear(inv)
			b.Clear(inv)
		case "clear, set":
			a.Clear(inv)
			a.Set(inv, 9)
		}
		return nil
	}))
	states := []wire.State{stateOf("a", value(statefun.Int64, 5)), absent("b"), absent("c"), stateOf("unknown", text("x"))}
	for step, want := range map[string]string{
		"nothing": "", "many": "a=5 c=2 ", "clear": "a- b- ", "clear, set": "a=9 ",
	} {
		got := ""
		for _, m := range serve(t, h, batchOf(states, text(step))).Mutations {
			got += mutationText(t, m)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
}

func mutationText(t *testing.T, m wire.Mutation) string {
	t.Helper()
	if m.Type == wire.Delete {
		return m.Name + "- "
	}
	return m.Name + "=" + string('0'+parse(t, wire.V3, m.Value).Data[1]) + " "
}

// What a user can change is decoded anew at each Get: a change counts with Set
// only, within a batch as across two.
func TestStateIsolation(t *testing.T) {
	t.Parallel()
	blob := statefun.NewState("blob", statefun.Bytes("ns/blob"))
	items := statefun.NewState("items", statefun.JSON[map[string]int]("ns/items"))
	h := define(t, nil, blob, items, onText(func(inv *statefun.Invocation, step string) error {
		b, err := blob.Get(inv)
		m, err2 := items.Get(inv)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if string(b) != "abc" || m["n"] != 1 {
			t.Errorf("%s: %q, %v", step, b, m)
		}
		b[0] = 'X'
		m["n"] = 99
		if step == "set" {
			b[0], m["n"] = 'a', 1
			blob.Set(inv, b)
			items.Set(inv, m)
			b[0], m["n"] = 'Y', 98
		}
		return nil
	}))
	serve(t, h, batchOf([]wire.State{
		stateOf("blob", wire.Value{TypeName: "ns/blob", Has: true, Data: []byte("abc")}),
		stateOf("items", wire.Value{TypeName: "ns/items", Has: true, Data: []byte(`{"n":1}`)}),
	}, text("get"), text("set"), text("get"), text("get")))
}

// An immutable custom value is decoded once a batch.
func TestImmutableIsCached(t *testing.T) {
	t.Parallel()
	decoded := 0
	typ := statefun.Custom("ns/x", func(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil },
		func(data []byte) (string, error) { decoded++; return string(data), nil }, statefun.Immutable())
	s := statefun.NewState("s", typ)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, want string) error {
		if got, err := s.Get(inv); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		if want == "old" && inv.Index() == 1 {
			s.Set(inv, "new")
		}
		return nil
	}))
	serve(t, h, batchOf([]wire.State{stateOf("s", wire.Value{TypeName: "ns/x", Has: true, Data: []byte("old")})}, text("old"), text("old"), text("new"), text("new")))
	if decoded != 1 {
		t.Errorf("decoded %d times, want once", decoded)
	}
}

// A failed read fails the message even where the function ignores it; Raw
// reads whatever there is.
func TestStateOfAnotherType(t *testing.T) {
	t.Parallel()
	n := statefun.NewState("n", statefun.Int32)
	h := define(t, nil, n, onText(func(inv *statefun.Invocation, step string) error {
		switch step {
		case "get":
			if v, err := n.Get(inv); err == nil || v != 0 || inv.Err() == nil {
				t.Errorf("a float reads as int %d, %v", v, err)
			}
		case "raw":
			typename, data, ok := n.Raw(inv)
			if typename != "io.statefun.types/float" || !bytes.Equal(data, encode(statefun.Float32, 1)) || !ok {
				t.Errorf("raw: %q %x %v", typename, data, ok)
			}
			n.Set(inv, 1)
			typename, data, ok = n.Raw(inv)
			if typename != "io.statefun.types/int" || !bytes.Equal(data, encode(statefun.Int32, 1)) || !ok {
				t.Errorf("raw after a write: %q %x %v", typename, data, ok)
			}
			n.Clear(inv)
			if _, _, ok := n.Raw(inv); ok {
				t.Error("raw of a cleared state")
			}
		}
		return nil
	}))
	states := []wire.State{stateOf("n", value(statefun.Float32, 1))}
	err := refuse(t, h, statefun.CodeFailed, batchOf(states, text("get")))
	if !strings.Contains(err.Error(), `"io.statefun.types/float"`) || !strings.Contains(err.Error(), `state "n"`) {
		t.Errorf("the error does not say what is stored where: %v", err)
	}
	serve(t, h, batchOf(states, text("raw"), text("unread")))
}

func TestStateUndeclared(t *testing.T) {
	t.Parallel()
	ghost := statefun.NewState("ghost", statefun.Int64)
	for name, use := range map[string]func(inv *statefun.Invocation){
		"get":   func(inv *statefun.Invocation) { _, _ = ghost.Get(inv) },
		"raw":   func(inv *statefun.Invocation) { _, _, _ = ghost.Raw(inv) },
		"set":   func(inv *statefun.Invocation) { ghost.Set(inv, 1) },
		"clear": func(inv *statefun.Invocation) { ghost.Clear(inv) },
	} {
		h := define(t, nil, onText(func(inv *statefun.Invocation, _ string) error { use(inv); return nil }))
		err := refuse(t, h, statefun.CodeFailed, batchOf(nil, text("x")))
		if !strings.Contains(err.Error(), `state "ghost"`) || !strings.Contains(err.Error(), "not declared on function ns/fn") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two handles of one name are two states, and the error says which one counts.
func TestStateHandleOfTheSameName(t *testing.T) {
	t.Parallel()
	declared, twin := statefun.NewState("n", statefun.Int64), statefun.NewState("n", statefun.Int64)
	h := define(t, nil, declared, onText(func(inv *statefun.Invocation, _ string) error { twin.Set(inv, 1); return nil }))
	err := refuse(t, h, statefun.CodeFailed, batchOf([]wire.State{absent("n")}, text("x")))
	if !strings.Contains(err.Error(), "but another handle with this name is") {
		t.Error(err)
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	ran := false
	h := define(t, nil,
		statefun.NewState("plain", statefun.Int64),
		statefun.NewState("written", statefun.String, statefun.ExpireAfterWrite(1500*time.Microsecond)),
		statefun.NewState("called", statefun.Bool, statefun.ExpireAfterCall(time.Minute)),
		onText(func(*statefun.Invocation, string) error { ran = true; return nil }))
	a := serve(t, h, batchOf([]wire.State{absent("written"), absent("other")}, text("x")))
	want := []wire.StateSpec{
		{Name: "plain", TypeName: "io.statefun.types/long"},
		{Name: "called", TypeName: "io.statefun.types/bool", Mode: wire.ExpireAfterInvoke, ExpireAfterMillis: 60_000},
	}
	if !a.HasIncomplete || a.HasResult || !reflect.DeepEqual(a.Missing, want) || ran {
		t.Errorf("%+v, ran %v", a, ran)
	}
	a = serve(t, h, batchOf(nil, text("x")))
	if len(a.Missing) != 3 || a.Missing[1].ExpireAfterMillis != 2 {
		t.Errorf("%+v: 1.5 ms must be rounded up to 2", a.Missing)
	}
}
