package statefun_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// careless is a codec that returns the user's own slice, where its contract
// asks to append.
var careless = statefun.Custom("ns/careless",
	func(_, v []byte) ([]byte, error) { return v, nil },
	func(data []byte) ([]byte, error) { return data, nil })

// A slice that a codec returns stays the user's: it is neither written nor kept,
// whatever effects come after it.
func TestCodecReturnsItsOwnSlice(t *testing.T) {
	t.Parallel()
	own := func(_, v []byte) ([]byte, error) { return v, nil }
	kafka := statefun.KafkaTopic("ns/kafka", "t", own)
	kinesis := statefun.KinesisStream("ns/kinesis", "s", own)
	egress := statefun.NewEgress("ns/egress", careless)
	state := statefun.NewState("s", careless)
	for name, effect := range map[string]func(*statefun.Invocation, []byte){
		"message": func(inv *statefun.Invocation, v []byte) { careless.Send(inv, other.Address("x"), v) },
		"delayed": func(inv *statefun.Invocation, v []byte) { careless.SendAfter(inv, 0, other.Address("x"), v) },
		"kafka":   func(inv *statefun.Invocation, v []byte) { kafka.Send(inv, "key", v) },
		"kinesis": func(inv *statefun.Invocation, v []byte) { kinesis.Send(inv, "key", v) },
		"egress":  func(inv *statefun.Invocation, v []byte) { egress.Send(inv, v) },
		"state":   state.Set,
	} {
		room := append(make([]byte, 0, 256), "mine"...)
		h := define(t, nil, kafka, kinesis, egress, state, onText(func(inv *statefun.Invocation, text string) error {
			if text == "effect" {
				effect(inv, room)
			}
			statefun.String.Send(inv, other.Address("x"), "a longer value")
			return nil
		}))
		for range 3 {
			serve(t, h, batchOf([]wire.State{absent("s")}, text("effect"), text("")))
			if got := room[:cap(room)]; !bytes.Equal(got, append([]byte("mine"), make([]byte, 252)...)) {
				t.Errorf("%s: the user's slice became %q", name, got)
				break
			}
		}
	}
	h := define(t, nil, state, onText(func(inv *statefun.Invocation, text string) error {
		v := []byte(text)
		state.Set(inv, v)
		copy(v, "XXXX")
		return nil
	}))
	a := serve(t, h, batchOf([]wire.State{absent("s")}, text("value")))
	if got := parse(t, wire.V3, a.Mutations[0].Value).Data; string(got) != "value" {
		t.Errorf("a change after Set became state: %q", got)
	}
}

// fragile panics when it is encoded as "panic".
type fragile string

func (f fragile) MarshalJSON() ([]byte, error) {
	if f == "panic" {
		panic("fragile")
	}
	return json.Marshal(string(f))
}

// A codec that panics changes nothing, also where the function recovers.
func TestCodecPanicIsRecovered(t *testing.T) {
	t.Parallel()
	state := statefun.NewState("s", statefun.JSON[fragile]("ns/fragile"))
	h := define(t, &statefun.Options{DeadLetter: statefun.DeadLetterDrop()}, state, onText(func(inv *statefun.Invocation, text string) error {
		defer func() { _ = recover() }()
		state.Set(inv, fragile(text))
		if text == "bad!" {
			return statefun.Terminal(errors.New(text))
		}
		return nil
	}))
	a := serve(t, h, batchOf([]wire.State{absent("s")}, text("zero"), text("good"), text("panic"), text("bad!")))
	if got := parse(t, wire.V3, a.Mutations[0].Value).Data; string(got) != `"good"` {
		t.Errorf("%s, want good", got)
	}
}
