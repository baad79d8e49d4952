package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

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

// upgrade is a way to put a new version of the functions in the place of the old
// one.
type upgrade struct {
	name string
	on   []platform
	do   func(w *world, change func()) error
}

func upgrades() []upgrade {
	simple := []platform{flink3("async"), flink3("okhttp"), embedded()}
	return []upgrade{
		{"running", simple, func(_ *world, change func()) error {
			change()
			return nil
		}},
		{"killed", simple, func(w *world, change func()) error {
			change()
			return w.crash(w.ctx)
		}},
		{"suspended", append(simple, cluster()), func(w *world, change func()) error {
			if err := w.suspend(w.ctx); err != nil {
				return err
			}
			change()
			return w.resume(w.ctx)
		}},
	}
}

// TestStop shows that a job with a Kafka ingress does not take the request that
// Flink calls stop, which ends the sources first: it fails, and goes on from its
// last checkpoint. To suspend it is to cancel it with a savepoint.
func TestStop(t *testing.T) {
	t.Parallel()
	w := open(t, flink3("async"), greetings, serve(t, greeter.Functions(), nil))
	ann := kafka.Record{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}
	w.send([]kafka.Record{ann, ann})
	w.await(2)
	err := w.running.(*job).Drain(w.ctx)
	if err == nil || !strings.Contains(err.Error(), "Handover$ClosedException") {
		t.Errorf("the job stops with %v, want Kafka's ClosedException", err)
	}
	w.send([]kafka.Record{ann})
	w.equal(map[string][]string{"greetings/Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, visit 3"}})
}

// TestUpgrade puts a new version of the functions in the place of the old one,
// with a state more: under a runtime that runs on, before a killed one comes
// back, and between the orderly end of a runtime and its start. For Flink that is
// a savepoint.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for _, u := range upgrades() {
		for _, p := range u.on {
			t.Run(u.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				relay, url := between(t, serve(t, greeter.Functions(), nil))
				w := open(t, p, greetings, url)
				ann := kafka.Record{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}
				w.send([]kafka.Record{ann, ann})
				w.await(2) // and so they are in a checkpoint
				begin := time.Now()
				if err := u.do(w, func() { relay.redirect(serve(t, upgraded(), nil)) }); err != nil {
					t.Fatal(err)
				}
				t.Logf("changed after %v", time.Since(begin).Round(time.Millisecond))
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
