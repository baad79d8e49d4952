package statefuntest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// bothProtocols runs a test under version 3 and version 2.
func bothProtocols(t *testing.T, test func(t *testing.T, opts *statefuntest.Options)) {
	t.Helper()
	for name, p := range map[string]statefun.Protocol{"v3": statefun.V3, "v2": statefun.V2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &statefuntest.Options{Protocol: p})
		})
	}
}

func send(r *statefuntest.Runtime, to statefun.Address, commands ...string) {
	for _, c := range commands {
		statefuntest.Send(r, to, Command, c)
	}
}

func wantCount(t *testing.T, r *statefuntest.Runtime, of statefun.Address, want int64) {
	t.Helper()
	if got, _ := statefuntest.State(r, of, Count); got != want {
		t.Errorf("count of %v is %d, want %d", of, got, want)
	}
}

func TestStateLivesFromBatchToBatch(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		r := statefuntest.New(t, labFunctions(), opts)
		a, b := Worker.Address("a"), Worker.Address("b")
		if _, ok := statefuntest.State(r, a, Count); ok {
			t.Error("there is a state before the first message")
		}
		send(r, a, "add", "add")
		r.Run()
		send(r, a, "add")
		send(r, b, "add")
		r.Run()
		wantCount(t, r, a, 3)
		wantCount(t, r, b, 1)
		wantCount(t, r, Helper.Address("a"), 0)
	})
}

func TestBatchesAreCutByTheSeed(t *testing.T) {
	t.Parallel()
	shapes := map[string]uint64{}
	for seed := uint64(1); seed <= 30; seed++ {
		lengths := func() string {
			var lengths []int
			watch := func(next statefun.BatchFunc) statefun.BatchFunc {
				return func(ctx context.Context, b *statefun.Batch) error {
					if !b.Handshake() {
						lengths = append(lengths, b.Len())
					}
					return next(ctx, b)
				}
			}
			r := statefuntest.New(t, labFunctions(), &statefuntest.Options{
				Seed: seed, MaxBatch: 4, Handler: &statefun.Options{Batch: []statefun.BatchMiddleware{watch}},
			})
			for range 10 {
				send(r, Worker.Address("a"), "add")
			}
			r.Run()
			wantCount(t, r, Worker.Address("a"), 10)
			if longest := slices.Max(lengths); longest > 4 {
				t.Errorf("seed %d: a batch of %d messages, over MaxBatch", seed, longest)
			}
			return fmt.Sprint(lengths)
		}
		first := lengths()
		if again := lengths(); first != again {
			t.Errorf("seed %d: batches %s, and then %s", seed, first, again)
		}
		shapes[first] = seed
	}
	if len(shapes) < 10 {
		t.Errorf("30 seeds cut the mailbox in only %d ways", len(shapes))
	}
}

func TestMessagesOfOneSenderKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 20; seed++ {
		r := statefuntest.New(t, labFunctions(), &statefuntest.Options{Seed: seed})
		for i := range 5 {
			send(r, Worker.Address("a"), fmt.Sprintf("send lab/helper print %d", i))
		}
		r.Run()
		var got []string
		for _, rec := range r.Records("lab/out") {
			got = append(got, string(rec.Value))
		}
		if s := strings.Join(got, ""); s != "01234" {
			t.Errorf("seed %d: order %s", seed, s)
		}
	}
}

func TestDelayedMessages(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		if opts.Protocol == statefun.V2 {
			t.Log("the commands use tokens, which version 2 has not")
			later := func(_ context.Context, inv *statefun.Invocation, _ string) error {
				Command.SendAfter(inv, time.Minute, Sink.Address("x"), "ding")
				return nil
			}
			r := statefuntest.New(t, []statefun.Function{statefun.Define(Worker, statefun.On(Command, later))}, opts)
			r.Outside(Sink)
			send(r, Worker.Address("a"), "go")
			r.Advance(time.Minute)
			if got := statefuntest.Messages(r, Sink, Command); len(got) != 1 || got[0].Value != "ding" || got[0].From != Worker.Address("a") {
				t.Errorf("got %v", got)
			}
			return
		}
		r := statefuntest.New(t, labFunctions(), opts)
		a, start := Worker.Address("a"), r.Now()
		send(r, a, "later 2s print two", "later 1s later 500ms print one and a half", "later 1s print one", "later 0s print zero")
		r.Run()
		wantRecords(t, r, "zero")
		if r.Waiting() != 3 {
			t.Errorf("%d messages wait, want 3", r.Waiting())
		}
		r.Advance(999 * time.Millisecond)
		wantRecords(t, r, "zero")
		r.Advance(time.Minute)
		wantRecords(t, r, "zero", "one", "one and a half", "two")
		if got := r.Now().Sub(start); got != time.Minute+999*time.Millisecond {
			t.Errorf("the clock has moved by %v", got)
		}
	})
}

func wantRecords(t *testing.T, r *statefuntest.Runtime, want ...string) {
	t.Helper()
	var got []string
	for _, rec := range r.Records("lab/out") {
		got = append(got, string(rec.Value))
	}
	if !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		to      statefun.Address
		command string
		want    []string
	}{
		{"same function", Worker.Address("a"), "cancel print x", nil},
		{"other type, same id", Helper.Address("a"), "cancel print x", nil},
		{"other id", Worker.Address("b"), "cancel print x", []string{"x"}},
		{"unknown token", Worker.Address("a"), "cancel print y", []string{"x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := statefuntest.New(t, labFunctions(), nil)
			send(r, Worker.Address("a"), "later 1s print x")
			r.Run()
			send(r, test.to, test.command)
			r.Advance(time.Hour)
			wantRecords(t, r, test.want...)
		})
	}
}

func TestTokenIsFreeAgain(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, labFunctions(), nil)
	a := Worker.Address("a")
	send(r, a, "later 1s print x")
	r.Advance(time.Second) // fired
	send(r, a, "later 1s print x", "cancel print x", "later 2s print x")
	r.Advance(time.Second)
	wantRecords(t, r, "x")
	r.Advance(time.Second)
	wantRecords(t, r, "x", "x")
}

func TestExpiration(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		r := statefuntest.New(t, labFunctions(), opts)
		a := Worker.Address("a")
		send(r, a, "remember me")
		r.Advance(700 * time.Millisecond)
		wantState(t, r, a, Brief, "me", true)
		wantState(t, r, a, Renewed, "me", true)
		send(r, a, "touch")
		r.Advance(700 * time.Millisecond)
		wantState(t, r, a, Brief, "", false)
		wantState(t, r, a, Renewed, "me", true)
		r.Advance(300 * time.Millisecond) // looking has renewed nothing
		wantState(t, r, a, Renewed, "", false)
	})
}

func wantState[T comparable](t *testing.T, r *statefuntest.Runtime, of statefun.Address, s *statefun.State[T], want T, there bool) {
	t.Helper()
	if got, ok := statefuntest.State(r, of, s); got != want || ok != there {
		t.Errorf("state %s of %v is %v, %v; want %v, %v", s.Name(), of, got, ok, want, there)
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		r := statefuntest.New(t, labFunctions(), opts)
		r.Outside(Sink)
		send(r, Worker.Address("a"), "send lab/sink one", "send lab/sink two")
		statefuntest.SendFrom(r, Sink.Address("caller"), Worker.Address("b"), Command, "reply three")
		statefuntest.Send(r, Sink.Address("direct"), statefun.Int64, 4)
		r.Run()
		var a, b []string
		for _, m := range statefuntest.Messages(r, Sink, Command) {
			if m.From == Worker.Address("a") && m.To == Sink.Address("a") {
				a = append(a, m.Value)
			} else if m.From == Worker.Address("b") && m.To == Sink.Address("caller") {
				b = append(b, m.Value)
			}
		}
		if !slices.Equal(a, []string{"one", "two"}) || !slices.Equal(b, []string{"three"}) {
			t.Errorf("captured %q and %q", a, b)
		}
		if got := statefuntest.Messages(r, Sink, statefun.Int64); len(got) != 1 || got[0].Value != 4 || got[0].From != (statefun.Address{}) {
			t.Errorf("numbers: %v", got)
		}
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, labFunctions(), &statefuntest.Options{Egresses: []string{"lab/out", "lab/shards", "lab/generic"}})
	send(r, Worker.Address("a"), "emit text", "headed text")
	r.Run()
	kafka, kinesis, generic := r.Records("lab/out")[0], r.Records("lab/shards")[0], r.Records("lab/generic")[0]
	if kafka.Topic != "topic" || kafka.Key != "a" || string(kafka.Value) != "text" || kafka.TypeName != "" {
		t.Errorf("Kafka record %+v", kafka)
	}
	if h := r.Records("lab/out")[1].Headers; len(h) != 1 || h[0].Name != "h" || string(h[0].Value) != "v" {
		t.Errorf("headers %+v", h)
	}
	if kinesis.Stream != "stream" || kinesis.PartitionKey != "a" || kinesis.HashKey != "1" || string(kinesis.Value) != "text" {
		t.Errorf("Kinesis record %+v", kinesis)
	}
	if got := statefuntest.Decode(r, statefun.Int64, generic.Value); generic.TypeName != statefun.Int64.Name() || got != 4 {
		t.Errorf("generic record %+v, %d", generic, got)
	}
}

// No records yet is no mistake, wherever there could be some.
func TestNoRecordsYet(t *testing.T) {
	t.Parallel()
	letters := statefun.KafkaTopic("lab/dead", "letters", statefun.EncodeJSON[statefun.DeadLetter])
	others := statefun.KafkaTopic("lab/others", "letters", statefun.EncodeJSON[statefun.DeadLetter])
	own := statefun.Define(Sink, statefun.On(Command, work), Count, statefun.DeadLetterKafka(others))
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		opts.Handler = &statefun.Options{DeadLetter: statefun.DeadLetterKafka(letters)}
		opts.Egresses = []string{"lab/declared", "lab/out"}
		r := statefuntest.New(t, append(labFunctions(), own), opts)
		for _, id := range []string{"lab/out", "lab/shards", "lab/generic", "lab/dead", "lab/others", "lab/declared"} {
			if got := r.Records(id); got != nil {
				t.Errorf("records of %s: %v", id, got)
			}
		}
	})
	h := statefun.MustNew(labFunctions(), nil)
	if got := statefuntest.NewWithHandler(t, h, nil).Records("lab/any"); got != nil {
		t.Errorf("records of a handler: %v", got)
	}
	limited := &statefuntest.Options{Egresses: []string{"lab/out"}}
	if got := statefuntest.NewWithHandler(t, h, limited).Records("lab/out"); got != nil {
		t.Errorf("records of a handler: %v", got)
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	letters := statefun.KafkaTopic("lab/dead", "letters", statefun.EncodeJSON[statefun.DeadLetter])
	taker := statefun.Define(Sink, statefun.On(statefun.DeadLetterType, func(context.Context, *statefun.Invocation, statefun.DeadLetter) error { return nil }))
	tests := []struct {
		name    string
		policy  statefun.DeadLetterPolicy
		outside bool
		want    int
	}{
		{"function outside", statefun.DeadLetterFunction(Sink), true, 1},
		{"function", statefun.DeadLetterFunction(Sink), false, 1},
		{"kafka", statefun.DeadLetterKafka(letters), true, 1},
		{"drop", statefun.DeadLetterDrop(), true, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
				t.Helper()
				opts.Handler = &statefun.Options{DeadLetter: test.policy}
				fns := labFunctions()
				if !test.outside {
					fns = append(fns, taker)
				}
				r := statefuntest.New(t, fns, opts)
				if test.outside {
					r.Outside(Sink)
				}
				send(r, Worker.Address("a"), "add", "terminal", "add")
				r.Run()
				wantCount(t, r, Worker.Address("a"), 2)
				got := r.DeadLetters()
				if len(got) != test.want {
					t.Fatalf("letters %+v, want %d", got, test.want)
				}
				for _, l := range got {
					if l.Target != Worker.Address("a") || l.TypeName != Command.Name() || !strings.Contains(l.Reason, errAsked.Error()) {
						t.Errorf("letter %+v", l)
					}
				}
			})
		})
	}
}

func TestNewWithHandler(t *testing.T) {
	t.Parallel()
	h := statefun.MustNew(labFunctions(), nil)
	r := statefuntest.NewWithHandler(t, h, nil)
	send(r, Worker.Address("a"), "add", "send lab/helper add")
	r.Run()
	wantCount(t, r, Worker.Address("a"), 1)
	wantCount(t, r, Helper.Address("a"), 1)

	send(r, Worker.Address("a"), "send lab/nobody hello")
	err := r.Try(0)
	if err == nil || !strings.Contains(err.Error(), "lab/nobody") || !strings.Contains(err.Error(), "function lab/worker") {
		t.Errorf("message to nobody: %v", err)
	}
}

func TestNewWithHandlerOfVersion2(t *testing.T) {
	t.Parallel()
	h := statefun.MustNew(labFunctions(), &statefun.Options{Protocol: statefun.V2})
	states := []statefuntest.DeclaredState{
		{Function: Worker, Name: "count"},
		{Function: Worker, Name: "brief", ExpireAfterWrite: time.Second},
		{Function: Worker, Name: "renewed", ExpireAfterCall: time.Second},
	}
	r := statefuntest.NewWithHandler(t, h, &statefuntest.Options{Protocol: statefun.V2, States: states})
	a := Worker.Address("a")
	send(r, a, "add", "remember me")
	r.Advance(time.Second)
	wantCount(t, r, a, 1)
	wantState(t, r, a, Brief, "", false)

	r = statefuntest.NewWithHandler(t, h, &statefuntest.Options{Protocol: statefun.V2, States: states[1:]})
	send(r, a, "add")
	if err := r.Try(0); err == nil || !strings.Contains(err.Error(), "count") {
		t.Errorf("without the declaration of count: %v", err)
	}
}

func TestAutoUnderBothProtocols(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		opts.Handler = &statefun.Options{Protocol: statefun.Auto}
		r := statefuntest.New(t, labFunctions(), opts)
		send(r, Worker.Address("a"), "add", "send lab/helper add")
		r.Run()
		wantCount(t, r, Helper.Address("a"), 1)
	})
}

func TestTryRunsTheSameBatchAgain(t *testing.T) {
	t.Parallel()
	down := true
	flaky := func(_ context.Context, inv *statefun.Invocation, text string) error {
		if down {
			return errors.New("down")
		}
		Out.Send(inv, "", text)
		return nil
	}
	r := statefuntest.New(t, []statefun.Function{statefun.Define(Worker, statefun.On(Command, flaky), Out)}, nil)
	send(r, Worker.Address("a"), "one", "two")
	for range 3 {
		if err := r.Try(0); err == nil {
			t.Fatal("no failure")
		}
	}
	down = false
	r.Run()
	wantRecords(t, r, "one", "two")
}
