package e2e_test

import (
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestRolling calls a function that a part of the servers does not have yet, as
// while a new registry is rolled out: first none has it, then every other call
// finds it, then all have it.
func TestRolling(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), flink3("okhttp"), flink2(), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			auto := &statefun.Options{Protocol: statefun.Auto}
			before, after := serve(t, dialogueFunctions(), auto), serve(t, greeter.Functions(), auto)
			relay, url := between(t, before)
			w := open(t, p, greetings, url)
			const people, rounds = 20, 60
			records, want := visits(people, rounds)
			sent := w.stream(records, people, 20*time.Millisecond)
			for round := range sent {
				switch {
				case round < rounds/4:
				case round == rounds/4:
					for relay.refused() == 0 { // StateFun 2.x runs a while before it reads
						w.pause(20 * time.Millisecond)
					}
				case round < rounds*3/4 && round%2 == 0:
					relay.redirect(before)
				default:
					relay.redirect(after)
				}
			}
			w.equal(want)
			t.Logf("refused %d times", relay.refused())
		})
	}
}
