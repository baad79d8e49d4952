package statefuntest

import (
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// Send puts a message from outside, as an ingress brings it, into the mailbox
// of a function instance. It runs nothing: see [Runtime.Run].
func Send[T any](r *Runtime, to statefun.Address, t statefun.Type[T], v T) {
	r.tb.Helper()
	send(r, statefun.Address{}, to, t, v)
}

// SendFrom is [Send] with a caller, to whom the function may reply. Declare the
// caller's type with [Runtime.Outside] to see the reply.
func SendFrom[T any](r *Runtime, caller, to statefun.Address, t statefun.Type[T], v T) {
	r.tb.Helper()
	send(r, caller, to, t, v)
}

func send[T any](r *Runtime, caller, to statefun.Address, t statefun.Type[T], v T) {
	r.tb.Helper()
	data, err := statefun.Typed(t)(nil, v)
	if err != nil {
		r.tb.Fatalf("statefuntest: send to %v: %v", to, err)
	}
	target := wireAddress(to)
	if !r.machine.HasFunction(target.Namespace, target.Name) {
		r.tb.Fatalf("statefuntest: send to %v: no such function is among those given to New; declare it with Outside if it exists elsewhere", to)
	}
	arg := wire.AppendValue(nil, r.version, wire.Value{TypeName: t.Name(), Has: true, Data: data})
	r.machine.deliver(target, from(wireAddress(caller), &wire.Message{Argument: arg}))
}

// Message is a message that went to a function type outside.
type Message[T any] struct {
	To    statefun.Address
	From  statefun.Address // zero where it came from outside too
	Value T
}

// Messages returns the messages of type t that went to a function type outside,
// in the order in which they were sent; see [Runtime.Outside]. Messages of
// other types are left out. A value that t cannot decode fails the test.
func Messages[T any](r *Runtime, to statefun.TypeName, t statefun.Type[T]) []Message[T] {
	r.tb.Helper()
	if !r.machine.outside[functionType{to.Namespace(), to.Name()}] {
		r.tb.Fatalf("statefuntest: messages to %v are not captured: declare it with Outside before they are sent", to)
	}
	var out []Message[T]
	for _, d := range r.machine.captured {
		addr := addressOf(d.to)
		if addr.Type != to {
			continue
		}
		m, err := r.message(d.invocation.Argument)
		if err != nil {
			r.tb.Fatalf("statefuntest: message to %v: %v", addr, err)
		}
		if !t.Is(m) {
			continue
		}
		v, err := t.Decode(m)
		if err != nil {
			r.tb.Fatalf("statefuntest: message to %v: %v", addr, err)
		}
		out = append(out, Message[T]{To: addr, From: addressOf(d.invocation.Caller), Value: v})
	}
	return out
}

// Decode decodes bytes as a value of type t, such as those of a [Record] whose
// encoder was statefun.Typed(t). It fails the test where they are none.
func Decode[T any](r *Runtime, t statefun.Type[T], data []byte) T {
	r.tb.Helper()
	m, err := r.message(wire.AppendValue(nil, r.version, wire.Value{TypeName: t.Name(), Has: true, Data: data}))
	if err != nil {
		r.tb.Fatalf("statefuntest: %v", err)
	}
	v, err := t.Decode(m)
	if err != nil {
		r.tb.Fatalf("statefuntest: %v", err)
	}
	return v
}
