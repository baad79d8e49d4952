package statefuntest

import (
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// FuzzMachine: whatever a function answers, the runtime carries it out or
// refuses it without a trace of it, and can say in words what happened.
func FuzzMachine(f *testing.F) {
	for _, folder := range []string{vectors.Flink33, vectors.Flink22} {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			f.Fatal(err)
		}
		for i := range scenarios {
			for j := range scenarios[i].Exchanges {
				f.Add(scenarios[i].Exchanges[j].Response.Body, folder == vectors.Flink22)
			}
		}
	}
	lab := functionType{"lab", "a"}
	f.Fuzz(func(t *testing.T, answer []byte, v2 bool) {
		version := wire.V3
		if v2 {
			version = wire.V2
		}
		m := newMachine(version, &script{
			types: map[functionType]bool{lab: true, {"demo", "f"}: true}, kafka: true,
			specs: map[functionType][]wire.StateSpec{lab: {{Name: "s"}}},
		}, 1000)
		m.trace.version = version
		target := wire.Address{Namespace: "lab", Name: "a", ID: "k"}
		m.deliver(target, wire.Invocation{HasArgument: true})
		in := m.byAddr[target]
		request, sent, err := m.request(in, 1)
		if err != nil {
			t.Fatal(err)
		}
		m.trace.begin(1, m.now, request).answer = answer
		again, err := m.apply(in, 1, sent, answer)
		if text := m.trace.String(); text == "" {
			t.Error("no words")
		}
		switch {
		case err != nil || again:
			if len(in.mailbox) != 1 || len(m.byAddr) != 1 || len(m.records) != 0 || m.timers.waiting() != 0 {
				t.Errorf("an answer that was not applied has had effects: %v", err)
			}
		case len(m.byAddr) == 1 && len(in.mailbox) > len(m.answer.Messages):
			t.Error("the message is still there")
		}
		if _, _, err := m.request(in, len(in.mailbox)); err != nil {
			t.Errorf("the next request: %v", err)
		}
	})
}
