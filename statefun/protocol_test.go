package statefun_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

func stateV2(name string, val wire.Value) wire.State {
	return wire.State{Name: name, HasValue: true, Value: wire.AppendValue(nil, wire.V2, val)}
}

func TestProtocolV2(t *testing.T) {
	t.Parallel()
	n := statefun.NewState("n", statefun.Int64)
	at := statefun.NewState("at", statefun.Proto[*timestamppb.Timestamp]())
	kafka := statefun.KafkaTopic("ns/out", "t", statefun.Text)
	kinesis := statefun.KinesisStream("ns/kinesis", "s", statefun.Text)
	parts := []statefun.Part{
		n, at, kafka, kinesis,
		statefun.On(statefun.Proto[*timestamppb.Timestamp](), func(_ context.Context, inv *statefun.Invocation, m *timestamppb.Timestamp) error {
			was, err := at.Get(inv)
			if err != nil {
				return err
			}
			at.Set(inv, m)
			statefun.Int64.Reply(inv, was.GetSeconds())
			return nil
		}),
		onText(func(inv *statefun.Invocation, s string) error {
			v, ok, err := n.Lookup(inv)
			if err != nil {
				return err
			}
			switch s {
			case "count":
				if ok != (v > 0) {
					t.Errorf("%d, %v", v, ok)
				}
				n.Set(inv, v+1)
				kafka.Send(inv, "k", s)
				kinesis.Send(inv, "p", s)
				statefun.String.SendAfter(inv, time.Second, inv.Self(), "later")
				inv.Forward(other.Address("x"))
			case "token":
				statefun.String.SendAfter(inv, 0, inv.Self(), "", statefun.Token("t"))
			case "cancel":
				inv.Cancel(statefun.Token("t"))
			case "header":
				kafka.Send(inv, "k", s, statefun.Header("h", nil))
			}
			return nil
		}),
	}
	h := define(t, &statefun.Options{Protocol: statefun.V2}, parts...)
	auto := define(t, &statefun.Options{Protocol: statefun.Auto}, parts...)
	// The Python SDK's own name for the message, and a value written by it.
	states := []wire.State{stateV2("n", value(statefun.Int64, 4)), stateV2("at", wire.Value{TypeName: "example.com/google.protobuf.Timestamp", Data: []byte{8, 9}})}
	request := encodeBatch(wire.V2, caller, states, text("count"), wire.Value{TypeName: "other.prefix/google.protobuf.Timestamp", Data: []byte{8, 5}})
	for _, h := range []*statefun.Handler{h, auto} {
		a := serveAs(t, h, wire.V2, request)
		if len(a.Mutations) != 2 || len(a.Messages) != 2 || len(a.Delayed) != 1 || len(a.Egresses) != 2 || a.Delayed[0].DelayMillis != 1000 {
			t.Fatalf("%+v", a)
		}
		stored := parse(t, wire.V2, a.Mutations[0].Opaque())
		if stored.TypeName != "io.statefun.types/long" || string(stored.Data) != string(encode(statefun.Int64, 5)) {
			t.Errorf("stored %+v", stored)
		}
		if got := parse(t, wire.V2, a.Messages[1].Argument); got.TypeName != "io.statefun.types/long" || string(got.Data) != string(encode(statefun.Int64, 9)) {
			t.Errorf("replied %+v", got)
		}
		for i, want := range []string{"KafkaProducerRecord", "KinesisEgressRecord"} {
			if got := parse(t, wire.V2, a.Egresses[i].Argument).TypeName; got != "type.googleapis.com/org.apache.flink.statefun.flink.io."+want {
				t.Errorf("record type %q", got)
			}
		}
	}
	empty := []wire.State{{Name: "n", HasValue: true}, absent("at")}
	serveAs(t, h, wire.V2, encodeBatch(wire.V2, wire.Address{}, empty, text("count")))
	for _, bad := range []string{"token", "cancel", "header"} {
		refuse(t, h, statefun.CodeFailed, encodeBatch(wire.V2, wire.Address{}, empty, text(bad)))
	}
	opaque := []wire.State{{Name: "n", HasValue: true, Value: []byte("\xffraw")}, absent("at")}
	refuse(t, h, statefun.CodeFailed, encodeBatch(wire.V2, wire.Address{}, opaque, text("count")))
	err := refuse(t, h, statefun.CodeFailed, encodeBatch(wire.V2, wire.Address{}, empty[:1], text("count")))
	if !strings.Contains(err.Error(), "- name: at") {
		t.Errorf("the error does not say what to write: %v", err)
	}
}

// Version 2 compares a message's name after the last slash, but a case of the
// very name comes first.
func TestProtocolV2PrefersTheVeryName(t *testing.T) {
	t.Parallel()
	got := ""
	take := func(name string) statefun.Part {
		return statefun.On(statefun.ProtoAs[*timestamppb.Timestamp](name), func(context.Context, *statefun.Invocation, *timestamppb.Timestamp) error {
			got += name + " "
			return nil
		})
	}
	h := define(t, &statefun.Options{Protocol: statefun.V2}, take("a/x.M"), take("b/x.M"))
	message := func(name string) wire.Value { return wire.Value{TypeName: name, Data: []byte{8, 1}} }
	serveAs(t, h, wire.V2, encodeBatch(wire.V2, wire.Address{}, nil, message("b/x.M"), message("c/x.M"), message("a/x.M")))
	if got != "b/x.M a/x.M a/x.M " {
		t.Errorf("%q", got)
	}
}

func TestProtocolMismatch(t *testing.T) {
	t.Parallel()
	in3, in2 := encodeBatch(wire.V3, wire.Address{}, nil, text("x")), encodeBatch(wire.V2, wire.Address{}, nil, text("x"))
	from3, from2 := encodeBatch(wire.V3, caller, nil, text("x")), encodeBatch(wire.V2, caller, nil, text("x"))
	for name, tt := range map[string]struct {
		protocol statefun.Protocol
		request  []byte
		want     string // "" where it is served
	}{
		"3 on 3":          {statefun.V3, in3, ""},
		"2 on 3":          {statefun.V3, in2, "statefun.V2"},
		"2 on 3, caller":  {statefun.V3, from2, "statefun.V2"},
		"2 on 2":          {statefun.V2, in2, ""},
		"3 on 2":          {statefun.V2, in3, "statefun.V3"},
		"3 on 2, caller":  {statefun.V2, from3, "statefun.V3"},
		"3 on auto":       {statefun.Auto, in3, ""},
		"2 on auto":       {statefun.Auto, in2, ""},
		"3 on auto again": {statefun.Auto, from3, ""},
	} {
		h := define(t, &statefun.Options{Protocol: tt.protocol}, onText(func(_ *statefun.Invocation, s string) error {
			if s != "x" {
				t.Errorf("%s: read %q", name, s)
			}
			return nil
		}))
		if tt.want == "" {
			if _, err := h.Append(context.Background(), nil, tt.request); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		err := refuse(t, h, statefun.CodeMalformed, tt.request)
		if !strings.Contains(err.Error(), "Options.Protocol") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where the ingress shows one version and a caller's message the other, that
// message alone fails, and Auto logs a warning.
func TestProtocolMixed(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	r := wire.Request{HasTarget: true, Target: self, Invocations: []wire.Invocation{
		{HasArgument: true, Argument: wire.AppendValue(nil, wire.V2, text("good"))},
		{HasCaller: true, Caller: caller, HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, text("bad"))},
	}}
	for _, p := range []statefun.Protocol{statefun.V2, statefun.Auto} {
		ran := 0
		opts := &statefun.Options{Protocol: p, DeadLetter: statefun.DeadLetterDrop(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		serveAs(t, define(t, opts, onText(func(*statefun.Invocation, string) error { ran++; return nil })), wire.V2, wire.AppendRequest(nil, &r))
		if ran != 1 {
			t.Errorf("%d messages ran, want 1", ran)
		}
	}
	if !strings.Contains(log.String(), "mixes protocol versions") || !strings.Contains(log.String(), "function ns/caller answers in the wrong version") {
		t.Errorf("log: %s", &log)
	}
}

func TestProtocolV2Expiration(t *testing.T) {
	t.Parallel()
	for _, p := range []statefun.Protocol{statefun.V2, statefun.Auto} {
		var log strings.Builder
		opts := &statefun.Options{Protocol: p, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		h := define(t, opts, onText(func(*statefun.Invocation, string) error { return nil }), statefun.NewState("s", statefun.Int64, statefun.ExpireAfterCall(time.Minute)))
		for range 3 {
			serveAs(t, h, wire.V2, encodeBatch(wire.V2, wire.Address{}, []wire.State{absent("s")}, text("x")))
		}
		if got := strings.Count(log.String(), "expireAfter: 60000ms, expireMode: after-invoke"); got != 1 {
			t.Errorf("%d warnings: %s", got, &log)
		}
	}
}
