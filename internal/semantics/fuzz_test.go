package semantics_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// FuzzAnswer: whatever decodes can be planned or refused, and what is planned
// can be attached to the next request, which decodes again.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add([]byte{0xa2, 0x06, 0x00}, true)
	f.Add([]byte{0xaa, 0x06, 0x00}, false)
	f.Add(wire.AppendIncomplete(nil, []wire.StateSpec{spec("s", "a/b"), spec("n", "a/b")}), false)
	result := wire.BeginResult(nil)
	result = wire.AppendMessage(result, wire.V3, target(), wire.Value{TypeName: "t/x", Has: true})
	result = wire.AppendDelayed(result, wire.V3, 5, target(), wire.Value{TypeName: "t/x", Has: true}, "token")
	result = wire.AppendCancel(result, "token")
	result = wire.AppendEgress(result, wire.V3, "out", "kafka", wire.Value{TypeName: wire.KafkaTypeName(wire.V3), Has: true})
	result = wire.AppendModify(result, wire.V3, "s", wire.Value{TypeName: "a/b", Has: true, Data: []byte("v")})
	result = wire.AppendDelete(result, "s")
	f.Add(wire.EndResult(result, 0), false)

	f.Fuzz(func(t *testing.T, b []byte, v2 bool) {
		states := semantics.NewStates(wire.V3)
		states, err := states.Handshake(target(), states, []wire.StateSpec{spec("s", "a/b"), expiring("e", wire.ExpireAfterInvoke, 5)})
		if v2 {
			states, err = semantics.Declare("shop", "cart", []wire.StateSpec{spec("s", ""), expiring("e", wire.ExpireAfterInvoke, 5)})
		}
		if err != nil {
			t.Fatal(err)
		}
		var a wire.Answer
		if a.Decode(states.Version(), b) != nil {
			return
		}
		if a.HasIncomplete {
			next, err := states.Handshake(target(), states, a.Missing)
			if err == nil && next.Len() <= states.Len() {
				t.Error("a handshake without progress")
			}
			return
		}
		var p semantics.Plan
		if err := p.Build(target(), &a, states, env{pending: []string{"ann/token"}}, 1000); err != nil {
			if kindOf(t, err) == 0 || err.Error() == "" {
				t.Errorf("a failure without a kind: %v", err)
			}
			return
		}
		cells := make([]semantics.Cell, states.Len())
		for _, w := range p.Writes {
			cells[w.State] = w.Cell
		}
		if _, err := states.Attach(target(), cells, 1001); err != nil {
			t.Fatalf("the runtime refuses what it stored: %v", err)
		}
		var r wire.Request
		if err := r.Decode(states.AppendRequest(nil, target(), cells, nil)); err != nil {
			t.Fatalf("the next request: %v", err)
		}
	})
}
