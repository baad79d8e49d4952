package statefuntest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// traceLength is how many steps a failure shows.
const traceLength = 20

// trace remembers the last steps as bytes; they become words only when a test
// fails.
type trace struct {
	version wire.Version
	start   int64
	steps   [traceLength]step
	total   int
}

// step is one request and what came of it.
type step struct {
	number          int
	at              int64
	request, answer []byte
	err             error
}

func (t *trace) begin(number int, at int64, request []byte) *step {
	s := &t.steps[t.total%traceLength]
	t.total++
	*s = step{number: number, at: at, request: request}
	return s
}

// String returns the last steps, the oldest first.
func (t *trace) String() string {
	var b strings.Builder
	for i := max(0, t.total-traceLength); i < t.total; i++ {
		t.steps[i%traceLength].write(&b, t)
	}
	if b.Len() == 0 {
		return "no function has been called yet"
	}
	return b.String()
}

func (s *step) write(b *strings.Builder, t *trace) {
	var request wire.Request
	if err := request.Decode(s.request); err != nil {
		fmt.Fprintf(b, "#%d: %v\n", s.number, err)
		return
	}
	after := time.Duration(s.at-t.start) * time.Millisecond
	fmt.Fprintf(b, "#%d +%v %s\n", s.number, after, address(request.Target))
	var answer wire.Answer
	err := answer.Decode(t.version, s.answer)
	switch {
	case err != nil:
		t.request(b, &request)
		fmt.Fprintf(b, "    answered %d bytes that do not parse\n", len(s.answer))
	case answer.HasIncomplete:
		t.handshake(b, &answer)
	default:
		t.request(b, &request)
		t.effects(b, &answer)
	}
	if s.err != nil {
		fmt.Fprintf(b, "    FAILED: %v\n", s.err)
	}
}

func (t *trace) request(b *strings.Builder, r *wire.Request) {
	for i := range r.States {
		if state := &r.States[i]; state.HasValue {
			fmt.Fprintf(b, "    has  state %s = %s\n", state.Name, t.state(state.Value, state.Opaque()))
		}
	}
	for i := range r.Invocations {
		inv := &r.Invocations[i]
		fmt.Fprintf(b, "    %-4s %s from %s\n", strconv.Itoa(i)+":", t.argument(inv.Argument), caller(inv))
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
	for i := range a.Messages {
		fmt.Fprintf(b, "    send %s to %s\n", t.argument(a.Messages[i].Argument), address(a.Messages[i].Target))
	}
	for i := range a.Delayed {
		t.delayed(b, &a.Delayed[i])
	}
	for i := range a.Egresses {
		e := &a.Egresses[i]
		fmt.Fprintf(b, "    emit %s to egress %s/%s\n", t.egress(e.Argument), e.Namespace, e.Name)
	}
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
