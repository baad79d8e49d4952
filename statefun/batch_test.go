package statefun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// worker has one effect of every kind for each message, and fails where the
// text says how.
func worker(opts *statefun.Options, parts ...statefun.Part) (*statefun.Handler, error) {
	n := statefun.NewState("n", statefun.Int64)
	s := statefun.NewState("s", statefun.String)
	out := statefun.KafkaTopic("ns/out", "t", statefun.Text)
	work := func(ctx context.Context, inv *statefun.Invocation, text string) error {
		count, err := n.Get(inv)
		if err != nil {
			return err
		}
		n.Set(inv, count+1)
		s.Set(inv, text)
		statefun.String.Send(inv, other.Address("x"), fmt.Sprintf("%s %d", text, count+1))
		statefun.String.SendAfter(inv, time.Second, other.Address("x"), text, statefun.Token("only"))
		out.Send(inv, "k", text)
		switch {
		case strings.HasPrefix(text, "terminal"):
			return statefun.Terminal(errors.New("never " + text))
		case strings.HasPrefix(text, "keep"):
			statefun.String.Send(inv, statefun.Address{}, "")
		case strings.HasPrefix(text, "panic"):
			panic(errors.New(text))
		case strings.HasPrefix(text, "error"):
			return errors.New(text)
		case strings.HasPrefix(text, "goexit"):
			runtime.Goexit()
		case strings.HasPrefix(text, "wait"):
			<-ctx.Done()
			return fmt.Errorf("gave up: %w", ctx.Err())
		}
		inv.Cancel(statefun.Token("only"))
		return nil
	}
	return statefun.New([]statefun.Function{statefun.Define(fn, append(parts, statefun.On(statefun.String, work), n, s, out)...)}, opts)
}

func newWorker(t testing.TB, opts *statefun.Options, parts ...statefun.Part) *statefun.Handler {
	t.Helper()
	h, err := worker(opts, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var fresh = []wire.State{absent("n"), absent("s")}

func TestBatchCarriesState(t *testing.T) {
	t.Parallel()
	a := serve(t, newWorker(t, nil), batchOf(fresh, text("a"), text("b"), text("c")))
	if got := texts(t, a); !slices.Equal(got, []string{"a 1", "b 2", "c 3"}) {
		t.Errorf("%q", got)
	}
	if len(a.Mutations) != 2 || len(a.Egresses) != 3 || len(a.Delayed) != 6 {
		t.Errorf("%d mutations, %d records, %d delayed", len(a.Mutations), len(a.Egresses), len(a.Delayed))
	}
}

// A message that fails for good is as if it had never come: the answer is the
// same bytes as that of the batch without it.
func TestTerminalRollsBackAlone(t *testing.T) {
	t.Parallel()
	h := newWorker(t, &statefun.Options{DeadLetter: statefun.DeadLetterDrop()})
	good := []wire.Value{text("a"), text("b")}
	want, err := h.Append(context.Background(), nil, batchOf(fresh, good...))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]wire.Value{
		"terminal":  text("terminal"),
		"no case":   value(statefun.Int64, 1),
		"undecoded": {TypeName: statefun.String.Name(), Has: true, Data: []byte{0x0a, 5, 'x'}},
		"no value":  {TypeName: statefun.String.Name()},
	} {
		for at := range 3 {
			args := slices.Insert(slices.Clone(good), at, bad)
			got, err := h.Append(context.Background(), nil, batchOf(fresh, args...))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s at %d: %x, %v\nwant %x", name, at, got, err, want)
			}
		}
	}
	// An argument that is missing altogether.
	r := wire.Request{HasTarget: true, Target: self, States: fresh, Invocations: []wire.Invocation{{}}}
	if a := serve(t, h, wire.AppendRequest(nil, &r)); len(a.Mutations) != 0 {
		t.Errorf("%+v", a)
	}
}

// Without a policy, and for every other failure with one, the batch fails.
func TestFailureFailsTheBatch(t *testing.T) {
	t.Parallel()
	for content, code := range map[string]statefun.Code{
		"error": statefun.CodeFailed, "keep": statefun.CodeFailed, "panic": statefun.CodePanicked,
	} {
		for _, policy := range []statefun.DeadLetterPolicy{{}, statefun.DeadLetterDrop()} {
			h := newWorker(t, &statefun.Options{DeadLetter: policy})
			err := refuse(t, h, code, batchOf(fresh, text("a"), text(content), text("b")))
			e, _ := errors.AsType[*statefun.Error](err)
			if e == nil || e.Index != 1 || e.Function != fn {
				t.Errorf("%s: %+v", content, e)
			}
		}
	}
	h := newWorker(t, nil)
	for _, bad := range []wire.Value{text("terminal"), value(statefun.Int64, 1), {TypeName: statefun.String.Name()}} {
		refuse(t, h, statefun.CodeFailed, batchOf(fresh, text("a"), bad))
	}
	// An error that the function returns decides over the kept one.
	both := define(t, &statefun.Options{DeadLetter: statefun.DeadLetterDrop()}, onText(func(inv *statefun.Invocation, _ string) error {
		statefun.String.Send(inv, statefun.Address{}, "")
		return statefun.Terminal(errors.New("mine"))
	}))
	serve(t, both, batchOf(nil, text("x")))
}

func TestPanicKeepsItsStack(t *testing.T) {
	t.Parallel()
	h := newWorker(t, nil)
	err := refuse(t, h, statefun.CodePanicked, batchOf(fresh, text("panic!")))
	p, ok := errors.AsType[*statefun.PanicError](err)
	if !ok || !strings.Contains(string(p.Stack), "batch_test.go") || p.Unwrap() == nil {
		t.Errorf("%v: %+v", err, p)
	}
	if strings.Contains(err.Error(), "goroutine") {
		t.Errorf("the message holds the stack: %v", err)
	}
}

// runtime.Goexit ends the goroutine, as documented, and harms no later call.
func TestGoexit(t *testing.T) {
	t.Parallel()
	h := newWorker(t, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = h.Append(context.Background(), nil, batchOf(fresh, text("goexit")))
		t.Error("Append returned")
	}()
	<-done
	serve(t, h, batchOf(fresh, text("a")))
}

func TestContextEndsTheBatch(t *testing.T) {
	t.Parallel()
	h := newWorker(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Append(ctx, nil, batchOf(fresh, text("a"))); statefun.CodeOf(err) != statefun.CodeDeadline {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := h.Append(ctx, nil, batchOf(fresh, text("wait"))); statefun.CodeOf(err) != statefun.CodeDeadline || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timed out: %v", err)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	h := newWorker(t, nil)
	good := batchOf(fresh, text("a"))
	for name, request := range map[string][]byte{
		"empty": {}, "cut": good[:len(good)-1], "no protobuf": []byte("hello"), "other field": {0x0a, 0},
		"no target":        {0xa2, 6, 0},
		"state no message": batchOf([]wire.State{{Name: "n", HasValue: true, Value: []byte{0xff}}, absent("s")}, text("a")),
	} {
		refuse(t, h, statefun.CodeMalformed, request)
		_ = name
	}
	r := wire.Request{HasTarget: true, Target: wire.Address{Namespace: "ns", Name: "nobody", ID: "x"}}
	err := refuse(t, h, statefun.CodeUnknownFunction, wire.AppendRequest(nil, &r))
	if !strings.Contains(err.Error(), "ns/nobody") {
		t.Error(err)
	}
	many := slices.Repeat([]byte{0x1a, 0}, wire.MaxInvocations+1)
	refuse(t, h, statefun.CodeTooLarge, append([]byte{0xa2, 6, 0x82, 0x80, 0x80, 1}, many...))
}

func TestNoMessages(t *testing.T) {
	t.Parallel()
	answer, err := newWorker(t, nil).Append(context.Background(), []byte("x"), batchOf(fresh))
	if err != nil || string(answer) != "x\xa2\x06\x00" {
		t.Errorf("%x, %v", answer, err)
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	letters := statefun.KafkaTopic("ns/dead", "letters", statefun.EncodeJSON[statefun.DeadLetter])
	var log strings.Builder
	opts := &statefun.Options{DeadLetter: statefun.DeadLetterFunction(other), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	check := func(l statefun.DeadLetter) {
		if l.Target != fn.Address("id") || l.Caller == nil || *l.Caller != statefun.MustTypeName("ns/caller").Address("c") ||
			l.TypeName != statefun.String.Name() || string(l.Value) != string(encode(statefun.String, "terminal")) || l.Reason != "never terminal" {
			t.Errorf("%+v", l)
		}
	}
	request := encodeBatch(wire.V3, caller, fresh, text("terminal"), text("b"))

	a := serve(t, newWorker(t, opts), request)
	val := parse(t, wire.V3, a.Messages[0].Argument)
	if a.Messages[0].Target != (wire.Address{Namespace: "ns", Name: "other", ID: "id"}) || val.TypeName != "io.statefun.go/DeadLetter" || len(a.Messages) != 2 {
		t.Errorf("%+v", a.Messages)
	}
	var letter statefun.DeadLetter
	if err := json.Unmarshal(val.Data, &letter); err != nil {
		t.Fatal(err)
	}
	check(letter)
	if !strings.Contains(log.String(), "never terminal") || !strings.Contains(log.String(), "ns/fn") {
		t.Errorf("log: %s", &log)
	}

	// The same value as a part overrides the policy of the options.
	a = serve(t, newWorker(t, opts, statefun.DeadLetterKafka(letters)), request)
	record, err := wire.DecodeKafkaRecord(parse(t, wire.V3, a.Egresses[0].Argument).Data)
	if err != nil || record.Key != "id" || record.Topic != "letters" || json.Unmarshal(record.Value, &letter) != nil || len(a.Egresses) != 2 {
		t.Errorf("%+v, %v", record, err)
	}
	check(letter)

	// A letter that the policy's own function cannot take would come back for
	// ever.
	refuse(t, newWorker(t, &statefun.Options{DeadLetter: statefun.DeadLetterFunction(fn)}), statefun.CodeFailed, request)
}

// A letter can be read whoever called: other SDKs have names that ours refuse.
func TestDeadLetterOfAnOddCaller(t *testing.T) {
	t.Parallel()
	h := define(t, &statefun.Options{DeadLetter: statefun.DeadLetterFunction(other)}, onText(func(*statefun.Invocation, string) error {
		return statefun.Terminal(errors.New("never"))
	}))
	for _, caller := range []wire.Address{{Namespace: "a/", Name: "c", ID: "1"}, {Name: "c", ID: "1"}, {ID: "1"}, {Namespace: "a", Name: "b", ID: "1"}} {
		var a wire.Answer
		answer, err := h.Append(context.Background(), nil, encodeBatch(wire.V3, caller, nil, text("x")))
		if err == nil {
			err = a.Decode(wire.V3, answer)
		}
		if err != nil || len(a.Messages) != 1 {
			t.Errorf("caller %v: %d letters, %v", caller, len(a.Messages), err)
			continue
		}
		var letter statefun.DeadLetter
		if err := json.Unmarshal(parse(t, wire.V3, a.Messages[0].Argument).Data, &letter); err != nil {
			t.Errorf("caller %v: %v", caller, err)
		} else if (letter.Caller != nil) != (caller.Namespace == "a") {
			t.Errorf("caller %v is %v in the letter", caller, letter.Caller)
		}
	}
}

// Two functions that send each other their letters do not build letters within
// letters: one that cannot be taken fails its batch, unless it goes to Kafka.
func TestDeadLettersDoNotGoRound(t *testing.T) {
	t.Parallel()
	letters := statefun.KafkaTopic("ns/dead", "letters", statefun.EncodeJSON[statefun.DeadLetter])
	letter := wire.Value{TypeName: statefun.DeadLetterType.Name(), Has: true, Data: []byte("{}")}
	round := newWorker(t, nil, statefun.DeadLetterFunction(other))
	serve(t, round, batchOf(fresh, text("terminal")))
	refuse(t, round, statefun.CodeFailed, batchOf(fresh, letter))
	serve(t, newWorker(t, nil, statefun.DeadLetterKafka(letters)), batchOf(fresh, letter))
}

func TestOnAny(t *testing.T) {
	t.Parallel()
	var got []string
	h := define(t, nil, onText(func(*statefun.Invocation, string) error { got = append(got, "text"); return nil }),
		statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, m statefun.Message) error {
			n, err := statefun.Int64.Decode(m)
			got = append(got, fmt.Sprint(m.TypeName(), " ", statefun.Int64.Is(m), " ", n, " ", err == nil, " ", string(m.Value()) == string(inv.Message().Value())))
			return nil
		}))
	serve(t, h, batchOf(nil, text("x"), value(statefun.Int64, 7), wire.Value{TypeName: "free text", Has: true}))
	want := []string{"text", "io.statefun.types/long true 7 true true", "free text false 0 false true"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// An Invocation that is kept says so, and can touch no other request.
func TestUseAfterReturn(t *testing.T) {
	t.Parallel()
	var kept *statefun.Invocation
	s := statefun.NewState("s", statefun.String)
	h := define(t, nil, s, onText(func(inv *statefun.Invocation, text string) error {
		if kept == nil {
			kept = inv
			return nil
		}
		// The second request runs while the first one's Invocation is used.
		_, err := s.Get(kept)
		_, hasCaller := kept.Caller()
		if err == nil || kept.Err() == nil || kept.Index() != -1 || hasCaller || kept.Self() != (statefun.Address{}) || kept.Message().TypeName() != "" {
			t.Errorf("%v, %v, %d", err, kept.Err(), kept.Index())
		}
		s.Set(kept, "leak")
		s.Clear(kept)
		_, _, _ = s.Raw(kept)
		statefun.String.Send(kept, other.Address("x"), "leak")
		statefun.String.SendAfter(kept, 0, other.Address("x"), "leak")
		statefun.String.Reply(kept, "leak")
		kept.Forward(other.Address("x"))
		kept.Cancel(statefun.Token("leak"))
		return inv.Err()
	}))
	states := []wire.State{absent("s")}
	serve(t, h, batchOf(states, text("first")))
	answer, err := h.Append(context.Background(), nil, batchOf(states, text("second")))
	if err != nil || string(answer) != "\xa2\x06\x00" {
		t.Errorf("%x, %v", answer, err)
	}
}
