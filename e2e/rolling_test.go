package e2e_test

import (
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestRolling calls a function that a part of the servers does not have yet, as
// while a new registry is rolled out: first none has it, then every other call
// finds it, then all do.
func TestRolling(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), flink3("okhttp"), flink2(), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			auto := &statefun.Options{Protocol: statefun.Auto}
			before, after := serve(t, dialogueFunctions(), auto), serve(t, greeter.Functions(), auto)
			relay, url := between(t, before)
			w := open(t, p, greetings, url)
			records, want := visits(40, 30)
			for i, stage := range []struct {
				to      []string
				refuses bool
			}{{[]string{before}, true}, {[]string{before, after}, true}, {[]string{after}, false}} {
				relay.redirect(stage.to...)
				refused := relay.refused()
				w.send(records[i*len(records)/3 : (i+1)*len(records)/3])
				for stage.refuses && relay.refused() < refused+10 {
					w.pause(10 * time.Millisecond)
				}
				if len(stage.to) == 2 {
					w.await(2 * len(records) / 3) // half of the servers are enough
				}
				t.Logf("refused %d times", relay.refused()-refused)
			}
			w.equal(want)
		})
	}
}
