package statefun

import (
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Invocation is one message at one function instance, and the way to its state
// and effects. One Invocation serves a batch: it moves on from message to
// message.
//
// It belongs to the goroutine that runs the function. Using it from several
// goroutines at once is a mistake, which the race detector shows; using it
// after its batch has returned is an error that touches no other request.
//
// Calls without a result (Send, Set, Reply, Cancel, …) keep the first failure,
// as bufio.Writer does. It fails the batch unless the function returns an
// error of its own; [Invocation.Err] shows it early.
type Invocation struct {
	b *batch // nil once the batch has returned
}

var errReturned = errors.New("statefun: the Invocation is used after its batch has returned")

func (inv *Invocation) open() (*batch, error) {
	if inv.b == nil {
		return nil, errReturned
	}
	return inv.b, nil
}

// Self returns the address of the function instance.
func (inv *Invocation) Self() Address {
	if inv.b == nil {
		return Address{}
	}
	return addressOf(inv.b.req.Target)
}

// Caller returns the address of the function that sent the message. Messages
// from an ingress have none.
func (inv *Invocation) Caller() (Address, bool) {
	if inv.b == nil || !inv.b.current.HasCaller {
		return Address{}, false
	}
	return addressOf(inv.b.current.Caller), true
}

// Message returns the message at hand, undecoded.
func (inv *Invocation) Message() Message {
	if inv.b == nil {
		return Message{}
	}
	return inv.b.message()
}

// Index returns the position of the message in its batch, from 0.
func (inv *Invocation) Index() int {
	if inv.b == nil {
		return -1
	}
	return inv.b.index
}

// Err returns the first failure that a call on this Invocation left behind for
// the message at hand, or nil.
func (inv *Invocation) Err() error {
	if inv.b == nil {
		return errReturned
	}
	return inv.b.err
}

// Forward sends the message at hand to another function, exactly as it came.
func (inv *Invocation) Forward(to Address) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	if err := b.checkTarget(to); err != nil {
		_ = b.fail(fmt.Errorf("forward to %v: %w", to, err))
		return
	}
	b.ans = wire.AppendForward(b.ans, to.wire(), b.current.Argument)
}

// Cancel takes back the delayed message that was sent with the token by a
// function of this id, if it still waits: otherwise nothing happens. A message
// whose time has come may be on its way already.
func (inv *Invocation) Cancel(token CancelToken) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	text, err := b.tokenText(token)
	if err != nil {
		_ = b.fail(fmt.Errorf("cancel: %w", err))
		return
	}
	b.setToken(text, false)
	b.ans = wire.AppendCancel(b.ans, text)
}

// Message is a message as it came: a typename and bytes. [Type.Is] and
// [Type.Decode] read it. A Message may be kept; it is a view of its request
// and never changes.
type Message struct {
	value   wire.Value
	version wire.Version
}

// TypeName returns the name of the message's type.
func (m Message) TypeName() string { return m.value.TypeName }

// Value returns the message's encoded value. It may be kept but not written.
func (m Message) Value() []byte { return m.value.Data }
