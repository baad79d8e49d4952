package statefun_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// The functions behind the recorded answers of the official Python SDK 2.2.2,
// on our SDK. Messages of the well-known types stand for demo's own, which have
// the same fields: LoginEvent and Greeting one string, Session one integer,
// Nudge none.
var (
	demoLogin    = statefun.ProtoAs[*wrapperspb.StringValue]("type.googleapis.com/demo.LoginEvent")
	demoGreeting = statefun.ProtoAs[*wrapperspb.StringValue]("type.googleapis.com/demo.Greeting")
	demoSession  = statefun.ProtoAs[*wrapperspb.Int64Value]("type.googleapis.com/demo.Session")
	demoNudge    = statefun.ProtoAs[*emptypb.Empty]("type.googleapis.com/demo.Nudge")
)

func demoTo(name, id string) statefun.Address {
	return statefun.MustTypeName(name).Address(id)
}

// demoGreeter counts visits, and forgets them on command.
func demoGreeter() statefun.Function {
	session := statefun.NewState("session", demoSession)
	out := statefun.KafkaTopic("demo/out", "greetings", statefun.Typed(demoGreeting))
	return statefun.Define(statefun.MustTypeName("demo/greeter"), session, out,
		statefun.On(demoLogin, func(_ context.Context, inv *statefun.Invocation, login *wrapperspb.StringValue) error {
			if login.Value == "forget" {
				session.Clear(inv)
				return nil
			}
			s, err := session.Get(inv)
			if err != nil {
				return err
			}
			s.Value++
			session.Set(inv, s)
			out.Send(inv, login.Value, wrapperspb.String(fmt.Sprintf("Hello %s, visit %d", login.Value, s.Value)))
			return nil
		}))
}

// demoAll does the effect that the message names. Its state a holds messages of
// any type in Python; with ours a state has one, here the one that the command
// writes.
func demoAll(command string) statefun.Function {
	a := statefun.NewState("a", demoGreeting)
	nudged := statefun.NewState("a", demoNudge)
	zzz := statefun.NewState("zzz", demoGreeting)
	kafka := statefun.KafkaTopic("demo/out", "t", statefun.Typed(demoGreeting))
	kinesis := statefun.KinesisStream("demo/kin", "stream", statefun.Typed(demoGreeting))
	empty := statefun.KafkaTopic("demo/out", "t", statefun.RawBytes)
	text := wrapperspb.String
	effects := map[string]func(inv *statefun.Invocation) error{
		"send": func(inv *statefun.Invocation) error {
			demoGreeting.Send(inv, demoTo("demo/other", "7"), text("s"))
			return nil
		},
		"reply":        func(inv *statefun.Invocation) error { demoGreeting.Reply(inv, text("r")); return nil },
		"raise":        func(*statefun.Invocation) error { return errors.New("user code failed") },
		"pack":         func(inv *statefun.Invocation) error { a.Set(inv, text("x")); return nil },
		"set-any":      func(inv *statefun.Invocation) error { a.Set(inv, text("x")); return nil },
		"del":          func(inv *statefun.Invocation) error { a.Clear(inv); return nil },
		"del-then-set": func(inv *statefun.Invocation) error { a.Clear(inv); a.Set(inv, text("y")); return nil },
		"read-only":    func(inv *statefun.Invocation) error { _, err := a.Get(inv); return err },
		"undeclared":   func(inv *statefun.Invocation) error { zzz.Set(inv, text("v")); return nil },
		"deep-type":    func(inv *statefun.Invocation) error { demoNudge.Send(inv, demoTo("a/b/c", "1"), nil); return nil },
		"empty-id":     func(inv *statefun.Invocation) error { demoNudge.Send(inv, demoTo("demo/x", ""), nil); return nil },
		"no-namespace": func(inv *statefun.Invocation) error {
			name, err := statefun.ParseTypeName("x")
			demoNudge.Send(inv, name.Address("1"), nil)
			return err
		},
		"kafka-no-key":      func(inv *statefun.Invocation) error { kafka.Send(inv, "", text("k")); return nil },
		"kafka-empty-value": func(inv *statefun.Invocation) error { empty.Send(inv, "", nil); return nil },
		"kinesis": func(inv *statefun.Invocation) error {
			kinesis.Send(inv, "pk", text("k"), statefun.HashKey("123"))
			return nil
		},
		"send-after-zero":     demoAfter(0),
		"send-after-negative": demoAfter(-time.Second),
		"send-after-fraction": demoAfter(1500 * time.Microsecond),
		"send-all": func(inv *statefun.Invocation) error {
			demoGreeting.Send(inv, demoTo("demo/x", "1"), text("1"))
			demoGreeting.SendAfter(inv, 2*time.Second, demoTo("demo/y", "2"), text("3"))
			kafka.Send(inv, "k", text("2"))
			demoNudge.Send(inv, demoTo("demo/x", "3"), nil)
			nudged.Set(inv, nil)
			return nil
		},
		// Ours has no way to write a value without a type: what reads as absent
		// afterwards is cleared.
		"set-empty-any": func(inv *statefun.Invocation) error { a.Clear(inv); return nil },
	}
	var state statefun.Part = a
	if command == "send-all" {
		state = nudged
	}
	return statefun.Define(statefun.MustTypeName("demo/all"), state, kafka, kinesis, empty,
		statefun.On(demoLogin, func(_ context.Context, inv *statefun.Invocation, login *wrapperspb.StringValue) error {
			return effects[login.Value](inv)
		}))
}

func demoAfter(d time.Duration) func(inv *statefun.Invocation) error {
	return func(inv *statefun.Invocation) error {
		demoNudge.SendAfter(inv, d, demoTo("demo/x", "1"), nil)
		return nil
	}
}

// demoPrinters are two functions that take anything and print it to Kafka.
func demoPrinters() []statefun.Function {
	out := statefun.KafkaTopic("demo/out", "t", statefun.Text)
	a := statefun.NewState("a", demoGreeting)
	anything := statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, m statefun.Message) error {
		if _, err := a.Get(inv); err != nil {
			return err
		}
		caller, _ := inv.Caller()
		from := caller.Type.Namespace() + "/" + caller.Type.Name() + "/" + caller.ID
		out.Send(inv, "", fmt.Sprintf(`type_url='%s' value=b'\n\x01x' a=None caller='%s'`, m.TypeName(), from))
		return nil
	})
	stateless := statefun.OnAny(func(_ context.Context, inv *statefun.Invocation, m statefun.Message) error {
		out.Send(inv, m.TypeName(), fmt.Sprintf("b'%s'", m.Value()))
		return nil
	})
	return []statefun.Function{
		statefun.Define(statefun.MustTypeName("demo/any"), a, out, anything),
		statefun.Define(statefun.MustTypeName("demo/stateless"), out, stateless),
	}
}

// pythonDifference is a recorded case in which ours does something else than
// the Python SDK. Those with a why are in docs/differences.md.
type pythonDifference struct {
	input, python, ours, why string
	scenario                 string
	lines                    []string // our answer; nil where ours refuses
	says                     string   // part of our error
}

var pythonDifferences = []pythonDifference{
	{
		"negative delay", "sent", "✗", "it fails the Flink job",
		"effect-send-after-negative", nil, "negative",
	},
	{
		"delay of 0", "✗", "sent", "a runtime takes it, as version 3 does",
		"effect-send-after-zero",
		[]string{`delayed 0 ms demo/x/1 type.googleapis.com/demo.Nudge "" token ""`},
		"",
	},
	{
		"delay with a fraction of a millisecond", "cut off", "rounded up", "a message must not come before its time",
		"effect-send-after-fraction",
		[]string{`delayed 2 ms demo/x/1 type.googleapis.com/demo.Nudge "" token ""`},
		"",
	},
	{
		"argument missing", "None", "✗", "as in version 3",
		"no-argument", nil, "no argument",
	},
	{
		"writing an empty value to a state", "a write of zero bytes, which reads as absent", "no such call: `Clear`", "one way to do it",
		"state-set-empty-any",
		[]string{"delete a"},
		"",
	},
	{
		"type_url without a slash, for a protobuf type", "✗", "taken", "protobuf for Go compares so; the name decides",
		"type-url-without-slash",
		[]string{
			`modify session type.googleapis.com/demo.Session "\b\x01"`,
			`egress demo/out type.googleapis.com/org.apache.flink.statefun.flink.io.KafkaProducerRecord value "\n\x10Hello x, visit 1" key "x" topic "greetings"`,
		},
		"",
	},
	{
		"version 3 request", "runs without the value", "✗ under `V2`, and the error names `Options.Protocol`; `Auto` answers it in version 3", "a value is never lost in silence",
		"v3-request-empty-value", nil, "Options.Protocol",
	},
	{"", "", "", "", "v3-request-untyped", nil, "Options.Protocol"},
	{"", "", "", "", "v3-request-typed", nil, "Options.Protocol"},
	{"", "", "", "", "v3-request-typed-with-state", nil, "Options.Protocol"},
}

// TestPythonSDK2 compares ours, speaking version 2, with the official Python
// SDK 2.2.2, and with its greeter's traffic under a real runtime.
func TestPythonSDK2(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for folder, only := range map[string]string{vectors.Python22: "", vectors.Flink22: "kafka-greeter-python-sdk"} {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios {
			if only != "" && s.Name != only {
				continue
			}
			found[s.Name] = true
			for i, e := range s.Exchanges {
				t.Run(fmt.Sprintf("%s/%d", s.Name, i), func(t *testing.T) {
					t.Parallel()
					checkPython(t, s.Name, &e)
				})
			}
		}
	}
	for _, d := range pythonDifferences {
		if !found[d.scenario] {
			t.Errorf("%s is not recorded", d.scenario)
		}
	}
}

func checkPython(t *testing.T, scenario string, e *vectors.Exchange) {
	t.Helper()
	c2 := newCanon(t, wire.V2)
	var want []string
	says, refuse := "", e.Response.Status != 200
	if !refuse {
		var err error
		if want, err = c2.lines(e.Response.Body, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range pythonDifferences {
		if d.scenario == scenario {
			want, says, refuse = d.lines, d.says, d.lines == nil
		}
	}
	functions := append(demoPrinters(), demoGreeter(), demoAll(strings.TrimPrefix(scenario, "effect-")))
	h, err := statefun.New(functions, &statefun.Options{Protocol: statefun.V2})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.Append(context.Background(), nil, bytes.Clone(e.Request.Body))
	if refuse {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("answered %x, error %v, want a refusal with %q", answer, err, says)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c2.lines(answer, ""); err != nil || !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s\n%v", strings.Join(got, "\n"), strings.Join(want, "\n"), err)
	}
}
