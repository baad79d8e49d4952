package statefuntest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// maxShown is how many messages, or effects of one kind, a step shows.
const maxShown = 5

// step is one request and what came of it.
type step struct {
	number          int
	at              int64
	request, answer []byte
	err             error
}

// stepText is a step in words.
type stepText struct {
	number int
	after  time.Duration // since the clock's start
	body   string        // the rest, in lines
}

func (s *stepText) head() string { return fmt.Sprintf("#%d +%v", s.number, s.after) }

func (s *step) text(t *trace) stepText {
	var b strings.Builder
	s.write(&b, t)
	return stepText{s.number, time.Duration(s.at-t.start) * time.Millisecond, b.String()}
}

func (s *step) write(b *strings.Builder, t *trace) {
	var request wire.Request
	if err := request.Decode(s.request); err != nil {
		fmt.Fprintf(b, "%v\n", err)
		return
	}
	fmt.Fprintf(b, "%s\n", address(request.Target))
	var answer wire.Answer
	err := answer.Decode(t.version, s.answer)
	switch {
	case err != nil:
		s.messages(b, t, &request)
		fmt.Fprintf(b, "    answered %d bytes that do not parse\n", len(s.answer))
	case answer.HasIncomplete:
		t.handshake(b, &answer)
	default:
		s.messages(b, t, &request)
		t.effects(b, &answer)
	}
	s.failed(b)
}

// failed says what went wrong, and where in the user's code it panicked.
func (s *step) failed(b *strings.Builder) {
	if s.err == nil {
		return
	}
	fmt.Fprintf(b, "    FAILED: %v\n", s.err)
	if p, ok := errors.AsType[*statefun.PanicError](s.err); ok {
		for _, frame := range userFrames(p.Stack) {
			fmt.Fprintf(b, "        %s\n", frame)
		}
	}
}

// messages shows what the function was called with, and the message at which it
// failed in any case.
func (s *step) messages(b *strings.Builder, t *trace, r *wire.Request) {
	for i := range r.States {
		if state := &r.States[i]; state.HasValue {
			fmt.Fprintf(b, "    has  state %s = %s\n", state.Name, t.state(state.Value, state.Opaque()))
		}
	}
	show := func(i int) {
		inv := &r.Invocations[i]
		fmt.Fprintf(b, "    %-4s %s from %s\n", strconv.Itoa(i)+":", t.argument(inv.Argument), caller(inv))
	}
	n := len(r.Invocations)
	e, ok := errors.AsType[*statefun.Error](s.err)
	if !ok || e.Index < maxShown || e.Index >= n {
		some(b, "messages", n, show)
		return
	}
	some(b, "messages", e.Index, show)
	show(e.Index)
	more(b, "messages", n-e.Index-1)
}

// some shows the first of n things, and says how many more there are.
func some(b *strings.Builder, what string, n int, show func(i int)) {
	for i := range min(n, maxShown) {
		show(i)
	}
	more(b, what, n-maxShown)
}

func more(b *strings.Builder, what string, n int) {
	if n > 0 {
		fmt.Fprintf(b, "    … and %d more %s\n", n, what)
	}
}

func (t *trace) handshake(b *strings.Builder, a *wire.Answer) {
	b.WriteString("    asks for states first:")
	for i := range a.Missing {
		fmt.Fprintf(b, " %s (%s)", a.Missing[i].Name, a.Missing[i].TypeName)
	}
	b.WriteByte('\n')
}

func (t *trace) effects(b *strings.Builder, a *wire.Answer) {
	some(b, "sends", len(a.Messages), func(i int) {
		fmt.Fprintf(b, "    send %s to %s\n", t.argument(a.Messages[i].Argument), address(a.Messages[i].Target))
	})
	some(b, "delayed sends", len(a.Delayed), func(i int) { t.delayed(b, &a.Delayed[i]) })
	some(b, "records", len(a.Egresses), func(i int) {
		e := &a.Egresses[i]
		fmt.Fprintf(b, "    emit %s to egress %s/%s\n", t.egress(e.Argument), e.Namespace, e.Name)
	})
	for i := range a.Mutations {
		m := &a.Mutations[i]
		if m.Type == wire.Delete {
			fmt.Fprintf(b, "    set  state %s: cleared\n", m.Name)
			continue
		}
		fmt.Fprintf(b, "    set  state %s = %s\n", m.Name, t.state(m.Value, m.Opaque()))
	}
}

func (t *trace) delayed(b *strings.Builder, d *wire.Delayed) {
	if d.Cancel {
		fmt.Fprintf(b, "    cancel %q\n", d.Token)
		return
	}
	fmt.Fprintf(b, "    send %s to %s after %v", t.argument(d.Argument), address(d.Target), time.Duration(d.DelayMillis)*time.Millisecond)
	if d.Token != "" {
		fmt.Fprintf(b, ", token %q", d.Token)
	}
	b.WriteByte('\n')
}

func (t *trace) state(typed, opaque []byte) string {
	if t.version == wire.V2 {
		typed = opaque // our own SDK and the Python one store an Any
	}
	return t.argument(typed)
}

func (t *trace) argument(raw []byte) string {
	val, err := wire.ParseValue(t.version, raw)
	if err != nil {
		return preview(raw)
	}
	return val.TypeName + " " + preview(unwrapped(val))
}

func (t *trace) egress(raw []byte) string {
	val, err := wire.ParseValue(t.version, raw)
	if err != nil {
		return preview(raw)
	}
	switch val.TypeName {
	case wire.KafkaTypeName(t.version):
		if r, err := wire.DecodeKafkaRecord(val.Data); err == nil {
			return fmt.Sprintf("topic %s key %q value %s", r.Topic, r.Key, preview(r.Value))
		}
	case wire.KinesisTypeName(t.version):
		if r, err := wire.DecodeKinesisRecord(val.Data); err == nil {
			return fmt.Sprintf("stream %s partition key %q value %s", r.Stream, r.PartitionKey, preview(r.Value))
		}
	}
	return t.argument(raw)
}

func caller(inv *wire.Invocation) string {
	if !inv.HasCaller {
		return "outside"
	}
	return address(inv.Caller)
}

func address(a wire.Address) string { return a.Namespace + "/" + a.Name + " " + quoted(a.ID) }

func quoted(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}
