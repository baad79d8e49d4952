package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// since is the state that the second version of the greeter adds.
var since = statefun.NewState("since", statefun.Int64)

// upgraded is the greeter's second version.
func upgraded() []statefun.Function {
	greet := func(_ context.Context, inv *statefun.Invocation, req greeter.GreetRequest) error {
		seen, err := greeter.Seen.Get(inv)
		if err != nil {
			return err
		}
		n, err := since.Get(inv)
		if err != nil {
			return err
		}
		greeter.Seen.Set(inv, seen+1)
		since.Set(inv, n+1)
		greeter.Greetings.Send(inv, req.Name, fmt.Sprintf("Hello %s, visit %d, %d of this version", req.Name, seen+1, n+1))
		return nil
	}
	return []statefun.Function{statefun.Define(greeter.Greeter, statefun.On(greeter.GreetType, greet), greeter.Seen, since, greeter.Greetings)}
}

// TestUpgrade puts a new version of the functions in the place of the old one,
// with a state more: under a runtime that runs on, and between the end of a
// runtime and its restart.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		crash bool // whether the runtime is killed meanwhile
	}{{"running", false}, {"restarted", true}} {
		for _, p := range []platform{flink3("async"), flink3("okhttp"), embedded()} {
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				relay, url := between(t, serve(t, greeter.Functions(), nil))
				w := open(t, p, greetings, url)
				ann := kafka.Record{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}
				w.send([]kafka.Record{ann, ann})
				w.await(2) // and so they are in a checkpoint
				relay.redirect(serve(t, upgraded(), nil))
				if c.crash {
					if err := w.crash(w.ctx); err != nil {
						t.Fatal(err)
					}
				}
				w.send([]kafka.Record{ann, ann})
				w.await(4)
				if err := w.crash(w.ctx); err != nil { // both states have been kept
					t.Fatal(err)
				}
				w.send([]kafka.Record{ann})
				w.equal(map[string][]string{"greetings/Ann": {
					"Hello Ann, visit 1", "Hello Ann, visit 2",
					"Hello Ann, visit 3, 1 of this version", "Hello Ann, visit 4, 2 of this version",
					"Hello Ann, visit 5, 3 of this version",
				}})
			})
		}
	}
}
