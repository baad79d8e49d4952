package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// redeclarations are greeters that declare their state as it must not be
// declared while it has values.
var redeclarations = []struct {
	name      string
	functions []statefun.Function
	fails     string              // what Flink's log says when its job fails
	waits     string              // what the engine's log says when Ann waits
	engine    map[string][]string // what comes from the engine
	meanwhile int                 // how many of them before the old function is back
}{
	{
		"type", declaring(statefun.NewState(greeter.Seen.Name(), statefun.String)),
		"RemoteValueTypeMismatchException", "io.statefun.types/string",
		map[string][]string{
			"greetings/Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, visit 3", "Hello Ann, visit 4"},
			"greetings/Bob": {"Hello Bob, still "},
		},
		3,
	},
	{
		"expiration", declaring(statefun.NewState(greeter.Seen.Name(), statefun.Int64, statefun.ExpireAfterWrite(time.Hour))),
		"StateMigrationException", "",
		map[string][]string{
			"greetings/Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, still 2", "Hello Ann, visit 3"},
			"greetings/Bob": {"Hello Bob, still 0"},
		},
		4,
	},
}

// declaring is a greeter with another state, which it writes as it was.
func declaring[T any](state *statefun.State[T]) []statefun.Function {
	greet := func(_ context.Context, inv *statefun.Invocation, req greeter.GreetRequest) error {
		value, err := state.Get(inv)
		if err != nil {
			return err
		}
		state.Set(inv, value)
		greeter.Greetings.Send(inv, req.Name, fmt.Sprintf("Hello %s, still %v", req.Name, value))
		return nil
	}
	return []statefun.Function{statefun.Define(greeter.Greeter, statefun.On(greeter.GreetType, greet), state, greeter.Greetings)}
}

// TestRedeclared gives a state that has values another type, or an expiration
// that it had not. Flink's job then fails until the old function is back. On the
// engine an address that has a value of another type waits for that, and nobody
// else. No message is lost.
func TestRedeclared(t *testing.T) {
	t.Parallel()
	ann := kafka.Record{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}
	bob := kafka.Record{Topic: "names", Key: "Bob", Value: `{"name":"Bob"}`}
	for _, r := range redeclarations {
		for _, p := range []platform{flink3("async"), embedded()} {
			t.Run(r.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				relay, url := between(t, serve(t, greeter.Functions(), nil))
				w := open(t, p, greetings, url)
				w.send([]kafka.Record{ann, ann})
				w.await(2) // and so they are in a checkpoint
				relay.redirect(serve(t, r.functions, nil))
				if err := w.crash(w.ctx); err != nil { // Flink learns the states of a function at its start
					t.Fatal(err)
				}
				w.send([]kafka.Record{ann, bob})
				want := map[string][]string{
					"greetings/Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2", "Hello Ann, visit 3", "Hello Ann, visit 4"},
					"greetings/Bob": {"Hello Bob, visit 1"},
				}
				if p.name == embedded().name {
					want = r.engine
					w.await(r.meanwhile)
					w.hear(r.waits)
				} else {
					w.hear(r.fails)
				}
				relay.redirect(serve(t, greeter.Functions(), nil))
				w.send([]kafka.Record{ann})
				w.equal(want)
			})
		}
	}
}

// keeping is a function with one value that expires after a time. It reports
// what it has, and keeps the text of its message, if there is one.
func keeping(lasts time.Duration) []statefun.Function {
	kept := statefun.NewState("kept", statefun.String, statefun.ExpireAfterWrite(lasts))
	keep := func(_ context.Context, inv *statefun.Invocation, memo []byte) error {
		value, err := kept.Get(inv)
		if err != nil {
			return err
		}
		remembered.Send(inv, inv.Self().ID, fmt.Sprintf("%q", value))
		if len(memo) > 0 {
			kept.Set(inv, string(memo))
		}
		return nil
	}
	return []statefun.Function{statefun.Define(memory, statefun.On(memoType, keep), kept, remembered)}
}

// TestOtherLength gives a state that has values a shorter time to live. The old
// one holds until the job starts again, the new one then also for the values that
// are there, from when they were written.
func TestOtherLength(t *testing.T) {
	t.Parallel()
	const short = 2 * time.Second
	for _, p := range []platform{flink3("async"), flink3("okhttp"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			relay, url := between(t, serve(t, keeping(time.Hour), nil))
			w := open(t, p, memories, url)
			memo := func(id, text string) {
				t.Helper()
				w.send([]kafka.Record{{Topic: "memos", Key: id, Value: text}})
				w.await(len(w.seen) + 1)
			}
			memo("Ann", "a")
			relay.redirect(serve(t, keeping(short), nil))
			memo("Bob", "b")
			w.pause(short + time.Second)
			memo("Bob", "")
			if err := w.crash(w.ctx); err != nil {
				t.Fatal(err)
			}
			memo("Ann", "")
			memo("Bob", "c")
			w.pause(short + time.Second)
			memo("Bob", "")
			w.equal(map[string][]string{
				"remembered/Ann": {`""`, `""`},
				"remembered/Bob": {`""`, `"b"`, `""`, `""`},
			})
		})
	}
}
