package statefun

import (
	"errors"
	"fmt"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// CancelToken names a delayed message, so that it can be cancelled while it
// waits. It is a plain value.
type CancelToken struct {
	text string
	raw  bool
}

// Token returns a token that is private to the function's type. The runtime
// keeps the tokens of all function types that share an id in one index, and a
// token sent while it still waits there fails the job; so a Token goes out as
// <namespace>/<name>|<text>.
func Token(text string) CancelToken { return CancelToken{text: text} }

// RawToken returns a token that goes out unchanged: to cancel what another SDK
// or another function type of the same id scheduled.
func RawToken(text string) CancelToken { return CancelToken{text: text, raw: true} }

// value encodes v for an effect; the result lies in the batch's scratch buffer
// until the next effect.
func (t Type[T]) value(b *batch, v T) (wire.Value, error) {
	data, err := t.encode(b.scratch[:0], v)
	if err != nil {
		return wire.Value{}, err
	}
	return wire.Value{TypeName: t.c.name, Has: true, Data: b.hold(data)}, nil
}

// Send sends v to a function. Messages of one sender to one target arrive in
// order; a message to the function's own address comes with a later batch.
// Effects become visible when the whole batch has succeeded.
func (t Type[T]) Send(inv *Invocation, to Address, v T) {
	if b, err := inv.open(); err == nil && b.err == nil {
		if err := t.send(b, to, v); err != nil {
			_ = b.fail(fmt.Errorf("send to %v: %w", to, err))
		}
	}
}

func (t Type[T]) send(b *batch, to Address, v T) error {
	if err := b.checkTarget(to); err != nil {
		return err
	}
	val, err := t.value(b, v)
	if err != nil {
		return err
	}
	b.ans = wire.AppendMessage(b.ans, b.version, to.wire(), val)
	return nil
}

// SendAfter sends v to a function when d has passed on the runtime's clock. d
// is zero, or at least a millisecond and rounded up to whole ones. At most one
// token may be given; while the message waits, no function of this id may send
// another with the same token, and [Invocation.Cancel] takes it back. To move a
// timer, Cancel and then SendAfter under the same token, in one message.
func (t Type[T]) SendAfter(inv *Invocation, d time.Duration, to Address, v T, token ...CancelToken) {
	if b, err := inv.open(); err == nil && b.err == nil {
		if err := t.sendAfter(b, d, to, v, token); err != nil {
			_ = b.fail(fmt.Errorf("send to %v after %v: %w", to, d, err))
		}
	}
}

func (t Type[T]) sendAfter(b *batch, d time.Duration, to Address, v T, tokens []CancelToken) error {
	switch {
	case d < 0:
		return errors.New("the delay is negative, which fails the Flink job")
	case d > 0 && d < time.Millisecond:
		return errors.New("the delay is below a millisecond, the protocol's unit: use 0 or 1ms")
	case len(tokens) > 1:
		return errors.New("a message has at most one token")
	}
	if err := b.checkTarget(to); err != nil {
		return err
	}
	val, err := t.value(b, v)
	if err != nil {
		return err
	}
	text := ""
	for _, token := range tokens {
		if text, err = b.tokenText(token); err != nil {
			return err
		}
		if err := b.holdToken(text); err != nil {
			return err
		}
	}
	b.ans = wire.AppendDelayed(b.ans, b.version, wholeMillis(d), to.wire(), val, text)
	return nil
}

// Reply sends v to the sender of the message at hand. A message from an
// ingress has none, which is an error; where both come, ask first:
//
//	if _, ok := inv.Caller(); ok {
//		AnswerType.Reply(inv, answer)
//	} else {
//		Answers.Send(inv, key, answer) // an egress
//	}
func (t Type[T]) Reply(inv *Invocation, v T) {
	b, err := inv.open()
	if err != nil || b.err != nil {
		return
	}
	if !b.current.HasCaller {
		_ = b.fail(errors.New("reply: the message has no caller, it came from an ingress"))
		return
	}
	if err := t.send(b, addressOf(b.current.Caller), v); err != nil {
		_ = b.fail(fmt.Errorf("reply to %v: %w", b.current.Caller, err))
	}
}

// checkTarget refuses addresses that fail the job, or that other SDKs cannot
// receive.
func (b *batch) checkTarget(to Address) error {
	switch {
	case to.Type.namespace == "" || to.Type.name == "":
		return errors.New("the target has no function type")
	case to.ID == "":
		if b.req.Target.ID != "" && !(b.current.HasCaller && to.wire() == b.current.Caller) {
			return errors.New("the target's id is empty, which the JavaScript and Python SDKs cannot receive")
		}
	case !wire.ValidText(to.ID):
		return errors.New("the target's id is not UTF-8")
	}
	return nil
}

// tokenText returns what goes out for a token.
func (b *batch) tokenText(t CancelToken) (string, error) {
	switch {
	case b.version == wire.V2:
		return "", errors.New("protocol version 2 has no cancellation tokens")
	case t.text == "":
		return "", errors.New("the cancellation token is empty: name what is to be cancelled")
	case !wire.ValidText(t.text):
		return "", fmt.Errorf("the cancellation token %q is not UTF-8", t.text)
	case t.raw:
		return t.text, nil
	}
	return b.fn.tokenPrefix + t.text, nil
}

// holdToken refuses a token that this answer has sent and not cancelled. What
// earlier answers left waiting, only the runtime knows.
func (b *batch) holdToken(text string) error {
	if b.tokens[text] {
		return fmt.Errorf("token %q is sent twice in one answer without a cancel between, which fails the Flink job", text)
	}
	b.setToken(text, true)
	return nil
}

func (b *batch) setToken(text string, held bool) {
	if b.tokens == nil {
		b.tokens = map[string]bool{}
	}
	b.tokenUndo = append(b.tokenUndo, tokenChange{text, b.tokens[text]})
	b.tokens[text] = held
}

// tokenChange is what setToken changed, to roll it back.
type tokenChange struct {
	text string
	held bool
}
