package statefun_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// FuzzAppend feeds arbitrary requests to handlers of each protocol, whose
// function exists under the names that the recorded requests use. It holds:
// no panic; an error is an *Error and leaves dst alone; an answer decodes, and
// comes again for the same request; memory is bounded by the request's size.
func FuzzAppend(f *testing.F) {
	for _, folder := range vectors.Folders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			f.Fatal(err)
		}
		for i := range scenarios {
			for _, e := range scenarios[i].Exchanges {
				if len(e.Request.Body) < 4<<10 {
					f.Add(e.Request.Body)
				}
			}
		}
	}
	f.Add(encodeBatch(wire.V3, caller, fresh, text("a"), text("terminal"), text("error")))
	handlers := map[statefun.Protocol]*statefun.Handler{}
	for _, p := range []statefun.Protocol{statefun.V3, statefun.V2, statefun.Auto} {
		handlers[p] = fuzzHandler(f, p)
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		for p, h := range handlers {
			before := allocated()
			answer, err := h.Append(context.Background(), []byte("dst"), bytes.Clone(request))
			if grown := allocated() - before; grown > 1<<20+200*uint64(len(request)) {
				t.Errorf("%d bytes allocated for a request of %d", grown, len(request))
			}
			again, err2 := h.Append(context.Background(), []byte("dst"), bytes.Clone(request))
			if !bytes.Equal(answer, again) || (err == nil) != (err2 == nil) {
				t.Fatalf("protocol %d: not deterministic:\n%x %v\n%x %v", p, answer, err, again, err2)
			}
			checkAnswer(t, p, answer, err)
		}
	})
}

func checkAnswer(t *testing.T, p statefun.Protocol, answer []byte, err error) {
	t.Helper()
	if err != nil {
		e, ok := errors.AsType[*statefun.Error](err)
		if !ok || e.Code == statefun.CodeUnknown || e.Code == statefun.CodePanicked || string(answer) != "dst" {
			t.Fatalf("%q, %v", answer, err)
		}
		return
	}
	a := new(wire.Answer)
	rest, ok := bytes.CutPrefix(answer, []byte("dst"))
	if err := a.Decode(wire.V3, rest); err != nil || !ok || a.HasResult == a.HasIncomplete {
		t.Fatalf("%x: %v", answer, err)
	}
	if a.HasIncomplete && (p == statefun.V2 || len(a.Missing) == 0) {
		t.Fatalf("asks a version 2 runtime, or for nothing: %x", answer)
	}
}

// fuzzHandler has a function for each recorded target, which does what a
// careless user would: reads everything, writes and forwards what it got.
func fuzzHandler(f *testing.F, p statefun.Protocol) *statefun.Handler {
	f.Helper()
	n := statefun.NewState("n", statefun.Int64)
	session := statefun.NewState("session", statefun.String)
	work := statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, m statefun.Message) error {
		v, _ := n.Get(inv)
		n.Set(inv, v+1)
		_, _, _ = session.Raw(inv)
		if s, err := statefun.String.Decode(m); err == nil {
			session.Set(inv, s)
		}
		inv.Forward(inv.Self())
		if to, ok := inv.Caller(); ok {
			statefun.Bytes("ns/echo").Send(inv, to, m.Value())
		}
		return nil
	})
	var fns []statefun.Function
	for _, name := range []string{"ns/fn", "lab/a", "lab/b", "vectors/states", "vectors/plain", "demo/greeter"} {
		fns = append(fns, statefun.Define(statefun.MustTypeName(name), work, n, session))
	}
	for _, name := range []string{"vectors/echo", "lab/c"} {
		fns = append(fns, statefun.Define(statefun.MustTypeName(name), statefun.OnAny(
			func(_ context.Context, inv *statefun.Invocation, _ statefun.Message) error {
				inv.Forward(inv.Self())
				return nil
			})))
	}
	h, err := statefun.New(fns, &statefun.Options{Protocol: p})
	if err != nil {
		f.Fatal(err)
	}
	return h
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
