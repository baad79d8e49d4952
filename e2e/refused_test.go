package e2e_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

var (
	rawFunction = statefun.MustTypeName("raw/raw")
	rawAsk      = statefun.Bytes("raw/Ask")
	ghost       = statefun.NewState("ghost", rawAsk)
	noTopic     = statefun.KafkaTopic("raw/out", "", statefun.RawBytes)
	nowhere     = statefun.NewEgress("raw/nowhere", rawAsk)
	misnamed    = statefun.NewEgress("raw/out", rawAsk) // on Kafka, which takes other values
)

// refusals say how a function of ours would come to each answer of bad, and
// what it is told instead. Without words, only the module file tells the mistake:
// docs/flink.md says how to find it. Without parts and without a call, the API
// has no words for it.
var refusals = map[string]struct {
	parts []statefun.Part
	do    func(inv *statefun.Invocation)
	says  string
}{
	"negative-delay": {nil, func(inv *statefun.Invocation) {
		rawAsk.SendAfter(inv, -time.Millisecond, inv.Self(), nil)
	}, "the delay is negative"},
	"cancel-nothing": {nil, func(inv *statefun.Invocation) { inv.Cancel(statefun.Token("")) }, "token is empty"},
	"token-twice": {nil, func(inv *statefun.Invocation) {
		rawAsk.SendAfter(inv, time.Minute, inv.Self(), nil, statefun.Token("t"))
		rawAsk.SendAfter(inv, time.Minute, inv.Self(), nil, statefun.Token("t"))
	}, "is sent twice in one answer"},
	"token-pending": {nil, func(inv *statefun.Invocation) { // sent by an earlier answer, which this one does not see
		rawAsk.SendAfter(inv, time.Minute, inv.Self(), nil, statefun.Token("t"))
	}, ""},
	"unknown-target": {nil, func(inv *statefun.Invocation) {
		rawAsk.Send(inv, statefun.MustTypeName("no/body").Address("x"), nil)
	}, ""},
	"unknown-egress":            {[]statefun.Part{nowhere}, func(inv *statefun.Invocation) { nowhere.Send(inv, nil) }, ""},
	"other-record":              {[]statefun.Part{misnamed}, func(inv *statefun.Invocation) { misnamed.Send(inv, nil) }, ""},
	"no-target":                 {nil, func(inv *statefun.Invocation) { rawAsk.Send(inv, statefun.Address{}, nil) }, "target"},
	"garbled-record":            {},
	"no-topic":                  {[]statefun.Part{noTopic}, func(inv *statefun.Invocation) { noTopic.Send(inv, "key", nil) }, "no topic"},
	"unknown-state":             {nil, func(inv *statefun.Invocation) { ghost.Clear(inv) }, "not declared on function raw/raw"},
	"state-without-value":       {},
	"state-of-other-type":       {},
	"unknown-mutation":          {},
	"known-state-of-other-type": {}, // but by a new version of a function: docs/flink.md, Changing a function
	"bad-state-type":            {[]statefun.Part{statefun.NewState("s", statefun.Bytes("text"))}, nil, "namespace/name"},
	"nested-state-type":         {[]statefun.Part{statefun.NewState("s", statefun.Bytes("a/b/c"))}, nil, "namespace/name"},
	"nameless-state-type":       {[]statefun.Part{statefun.NewState("s", statefun.Bytes("raw/"))}, nil, "namespace/name"},
	"state-two-types":           {[]statefun.Part{statefun.NewState("s", statefun.Bytes("raw/a")), statefun.NewState("s", statefun.Bytes("raw/b"))}, nil, "two states have the name"},
	"no-expiry":                 {[]statefun.Part{statefun.NewState("s", rawAsk, statefun.ExpireAfterWrite(0))}, nil, "the runtime needs at least 1ms"},
	"negative-expiry":           {[]statefun.Part{statefun.NewState("s", rawAsk, statefun.ExpireAfterCall(-time.Millisecond))}, nil, "the runtime needs at least 1ms"},
	"state-batch":               {[]statefun.Part{statefun.NewState("batch", rawAsk)}, nil, "keeps its own data under this name"},
	"state-request-state":       {[]statefun.Part{statefun.NewState("request-state", rawAsk)}, nil, "keeps its own data under this name"},
}

// TestRefused is the other half of TestBadAnswers: a function of ours that tries
// is told what is wrong, by New or in the error of its call, and no byte of an
// answer leaves.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, b := range bad {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			r, ok := refusals[b.name]
			if !ok {
				t.Fatal("nobody says how a function would come to this answer")
			}
			if r.parts == nil && r.do == nil {
				t.Log("the API has no words for it")
				return
			}
			answer, err := try(r.parts, r.do)
			switch {
			case r.says == "" && err != nil:
				t.Errorf("refused: %v; then docs/flink.md is wrong", err)
			case r.says != "" && (err == nil || !strings.Contains(err.Error(), r.says)):
				t.Errorf("the error is %v, want one with %q", err, r.says)
			case r.says != "" && len(answer) != 0:
				t.Errorf("answers %x all the same", answer)
			}
			t.Log(err)
		})
	}
}

// try calls a function with one message.
func try(parts []statefun.Part, do func(inv *statefun.Invocation)) ([]byte, error) {
	run := func(_ context.Context, inv *statefun.Invocation, _ []byte) error {
		do(inv)
		return nil
	}
	handler, err := statefun.New([]statefun.Function{statefun.Define(rawFunction, append(parts, statefun.On(rawAsk, run))...)}, nil)
	if err != nil {
		return nil, err
	}
	argument := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: rawAsk.Name(), Has: true})
	return handler.Append(context.Background(), nil, wire.AppendRequest(nil, &wire.Request{
		Target: self("x"), HasTarget: true, HasBatch: true,
		Invocations: []wire.Invocation{{HasArgument: true, Argument: argument}},
	}))
}
