package statefuntest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		commands []string // to lab/worker a, all before the first batch
		then     []string // to lab/helper a, after it has run
		opts     statefuntest.Options
		code     statefun.Code
		text     []string // in the error
		trace    []string // in the trace
	}{
		{
			name: "error", commands: []string{"fail now"}, code: statefun.CodeFailed,
			text:  []string{"lab/worker", `"a"`, "message 0", "asked to fail"},
			trace: []string{"lab/worker \"a\"", `"fail now" from outside`, "FAILED"},
		},
		{name: "panic", commands: []string{"panic"}, code: statefun.CodePanicked, text: []string{"at the lab"}, trace: []string{"fixtures_test.go:"}},
		{
			name: "unknown function", commands: []string{"send lab/nobody hello"},
			text:  []string{"a Flink job would fail", "lab/worker", "outgoing_messages 0", "lab/nobody"},
			trace: []string{`send io.statefun.types/string "hello" to lab/nobody "a"`},
		},
		{name: "unknown function later", commands: []string{"lost lab/nobody"}, text: []string{"lab/nobody", "lab/worker"}},
		{
			name: "unknown egress", commands: []string{"print x"}, opts: statefuntest.Options{Egresses: []string{"lab/other"}},
			text: []string{"unknown egress", "lab/out"}, trace: []string{"emit topic topic", "value x to egress lab/out"},
		},
		{
			name: "pending token of another type", commands: []string{"later 1s print x"}, then: []string{"later 1s print x"},
			text: []string{"lab/helper", "token", "print x"}, trace: []string{`after 1s, token "print x"`},
		},
		{
			name: "no end", commands: []string{"send lab/worker add", "later 0s later 0s x"}, opts: statefuntest.Options{MaxSteps: 1},
			text: []string{"after 2 requests"}, trace: []string{"asks for states first: count (io.statefun.types/long) brief"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := statefuntest.New(t, labFunctions(), &test.opts)
			send(r, Worker.Address("a"), test.commands...)
			if len(test.then) > 0 {
				r.Run()
				send(r, Helper.Address("a"), test.then...)
			}
			err := r.Try(0)
			f, ok := errors.AsType[*statefuntest.Failure](err)
			if !ok {
				t.Fatalf("got %v, want a *Failure", err)
			}
			if got := statefun.CodeOf(err); got != test.code {
				t.Errorf("code %v, want %v", got, test.code)
			}
			if f.Target.ID != "a" {
				t.Errorf("target %v", f.Target)
			}
			wantText(t, f.Error(), test.text)
			wantText(t, f.Trace, test.trace)
		})
	}
}

// The trace tells in words what the last steps did.
func TestTrace(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, opts *statefuntest.Options) {
		t.Helper()
		opts.MaxBatch = 1
		r := statefuntest.New(t, labFunctions(), opts)
		r.Outside(Sink)
		a := Worker.Address("a")
		send(r, a, "remember tea", "forget", "emit hello", "send lab/sink "+strings.Repeat("long ", 30))
		if opts.Protocol == statefun.V3 {
			send(r, a, "later 1s print x", "cancel print x")
		}
		r.Run()
		statefuntest.SendFrom(r, Sink.Address(strings.Repeat("s", 50)), a, Command, "fail")
		f, _ := errors.AsType[*statefuntest.Failure](r.Try(time.Second))
		if f == nil {
			t.Fatal("no failure")
		}
		wantText(t, f.Trace, []string{
			` +0s lab/worker "a"`,
			`0:   io.statefun.types/string "remember tea" from outside`,
			`set  state brief = io.statefun.types/string "tea"`,
			`set  state brief: cleared`,
			`has  state renewed = io.statefun.types/string "tea"`,
			`emit topic topic key "a" value hello to egress lab/out`,
			`emit stream stream partition key "a" value hello to egress lab/shards`,
			`emit io.statefun.types/long 5 to egress lab/generic`,
			`… (152 bytes) to lab/sink "a"`,
			`from lab/sink "ssssssssssssssssssssssssssssssssssssssss…"`,
			`FAILED: statefun: lab/worker: message 0: failed: asked to fail`,
		})
		if opts.Protocol == statefun.V3 {
			wantText(t, f.Trace, []string{
				`asks for states first: count (io.statefun.types/long) brief (io.statefun.types/string)`,
				`send io.statefun.types/string "print x" to lab/worker "a" after 1s, token "print x"`,
				`cancel "print x"`,
			})
		}
	})
}

// A trace shows the last steps only.
func TestTraceIsShort(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, labFunctions(), &statefuntest.Options{MaxBatch: 1})
	for range 50 {
		send(r, Worker.Address("a"), "add")
	}
	send(r, Worker.Address("a"), "fail")
	f, _ := errors.AsType[*statefuntest.Failure](r.Try(0))
	if f == nil {
		t.Fatal("no failure")
	}
	if n := strings.Count(f.Trace, "#"); n != 20 || strings.Contains(f.Trace, "#1 ") || !strings.Contains(f.Trace, "#52 ") {
		t.Errorf("%d steps:\n%s", n, f.Trace)
	}
}

func wantText(t *testing.T, text string, want []string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

func TestNegativeAdvance(t *testing.T) {
	t.Parallel()
	r := statefuntest.New(t, labFunctions(), nil)
	if err := r.Try(-time.Second); err == nil {
		t.Error("the clock went back")
	}
}

// A failing test stops with the cause, the trace and the seed.
func TestFatal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  func(tb testing.TB)
		want []string
	}{
		{"run", func(tb testing.TB) {
			r := statefuntest.New(tb, labFunctions(), &statefuntest.Options{Seed: 42})
			send(r, Worker.Address("a"), "remember tea", "fail now")
			r.Run()
		}, []string{"asked to fail", "#1 +0s lab/worker", "Seed: 42"}},
		{"forgotten run", func(tb testing.TB) {
			r := statefuntest.New(tb, labFunctions(), nil)
			send(r, Worker.Address("a"), "emit x", "emit y")
			send(r, Helper.Address("a"), "emit z")
			tb.Fatalf("%d records", len(r.Records("lab/out")))
		}, []string{"0 records", "3 messages wait: call Run"}},
		{"records of no egress", func(tb testing.TB) {
			statefuntest.New(tb, labFunctions(), nil).Records("lab/ouut")
		}, []string{`"lab/ouut"`, "only to lab/generic, lab/out, lab/shards"}},
		{"records without egresses", func(tb testing.TB) {
			statefuntest.New(tb, loop(1, 1), nil).Records("lab/out")
		}, []string{"no function declares an egress"}},
		{"records that a handler cannot send", func(tb testing.TB) {
			h := statefun.MustNew(labFunctions(), nil)
			statefuntest.NewWithHandler(tb, h, &statefuntest.Options{Egresses: []string{"lab/out"}}).Records("lab/ouut")
		}, []string{`"lab/ouut"`, "only to lab/out"}},
		{"send to nobody", func(tb testing.TB) {
			send(statefuntest.New(tb, labFunctions(), nil), statefun.MustTypeName("lab/nobody").Address("a"), "x")
		}, []string{"lab/nobody/a", "Outside"}},
		{"send what cannot be encoded", func(tb testing.TB) {
			send(statefuntest.New(tb, labFunctions(), nil), Worker.Address("a"), "\xff")
		}, []string{"UTF-8"}},
		{"no functions", func(tb testing.TB) { statefuntest.New(tb, nil, nil) }, []string{"no functions"}},
		{"bad options", func(tb testing.TB) {
			statefuntest.New(tb, labFunctions(), &statefuntest.Options{Protocol: statefun.Auto, MaxSteps: -1})
		}, []string{"Options.Protocol", "negative"}},
		{"bad egress", func(tb testing.TB) {
			statefuntest.New(tb, labFunctions(), &statefuntest.Options{Egresses: []string{"x"}})
		}, []string{"Options.Egresses"}},
		{"bad states", func(tb testing.TB) {
			d := statefuntest.DeclaredState{Function: Worker, Name: "x", ExpireAfterCall: 1, ExpireAfterWrite: 1}
			statefuntest.NewWithHandler(tb, statefun.MustNew(labFunctions(), nil), &statefuntest.Options{States: []statefuntest.DeclaredState{d}})
		}, []string{"States[0]"}},
		{"undeclared state", func(tb testing.TB) {
			statefuntest.State(statefuntest.New(tb, labFunctions(), nil), Worker.Address("a"), Other)
		}, []string{"other", "does not declare"}},
		{"state of nobody", func(tb testing.TB) {
			statefuntest.State(statefuntest.New(tb, labFunctions(), nil), Sink.Address("a"), Other)
		}, []string{"no such function"}},
		{"messages of nobody", func(tb testing.TB) {
			statefuntest.Messages(statefuntest.New(tb, labFunctions(), nil), Sink, Command)
		}, []string{"Outside"}},
		{"decode", func(tb testing.TB) {
			statefuntest.Decode(statefuntest.New(tb, labFunctions(), nil), statefun.Int64, []byte{1})
		}, []string{"io.statefun.types/long"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeT{}
			func() {
				defer func() {
					if p := recover(); p != nil && p != fake {
						panic(p)
					}
				}()
				test.run(fake)
				t.Error("the test did not stop")
			}()
			for _, f := range fake.cleanups {
				f()
			}
			wantText(t, fake.log.String(), test.want)
		})
	}
}

// Where a run failed, Run is not what is missing.
func TestFailureLeavesMessages(t *testing.T) {
	t.Parallel()
	fake := &fakeT{failed: true}
	r := statefuntest.New(fake, labFunctions(), nil)
	send(r, Worker.Address("a"), "fail")
	if r.Try(0) == nil {
		t.Error("no failure")
	}
	for _, f := range fake.cleanups {
		f()
	}
	if log := fake.log.String(); strings.Contains(log, "wait") || !strings.Contains(log, "Seed") {
		t.Errorf("log: %s", log)
	}
}

// fakeT is a testing.TB that keeps what it is told. It panics with itself where
// a test would stop.
type fakeT struct {
	testing.TB
	log      strings.Builder
	cleanups []func()
	failed   bool
}

func (f *fakeT) Helper()                  {}
func (f *fakeT) Cleanup(c func())         { f.cleanups = append(f.cleanups, c) }
func (f *fakeT) Output() io.Writer        { return &f.log }
func (f *fakeT) Context() context.Context { return context.Background() }
func (f *fakeT) Failed() bool             { return f.failed }

func (f *fakeT) Logf(format string, args ...any) { fmt.Fprintf(&f.log, format+"\n", args...) }

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Logf(format, args...)
	f.failed = true
	panic(f)
}
