package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/statefun"
)

// The dialogue: an asker asks many echoes, which answer whoever asked, and counts
// down by messages to itself.
var (
	asker     = statefun.MustTypeName("dialogue/asker")
	echo      = statefun.MustTypeName("dialogue/echo")
	askType   = statefun.JSON[ask]("dialogue/Ask")
	countType = statefun.JSON[countdown]("dialogue/Countdown")
	replies   = statefun.NewState("replies", statefun.Int64)
	rounds    = statefun.NewState("rounds", statefun.Int64)
	heard     = statefun.KafkaTopic("dialogue/out", "heard", statefun.Text)
)

// ask is what an asker gets: how many echoes to ask, and from where to count.
type ask struct {
	Echoes int64 `json:"echoes"`
	Count  int64 `json:"count"`
}

type countdown struct {
	Left int64 `json:"left"`
}

var dialogue = application{
	functions: "dialogue/*",
	inputs:    []input{{"asks", askType.Name(), []string{asker.String()}}},
	egress:    "dialogue/out",
	outputs:   []string{"heard"},
}

func dialogueFunctions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(asker, statefun.On(askType, begin), statefun.On(statefun.Int64, count1), statefun.On(countType, down), replies, rounds, heard),
		statefun.Define(echo, statefun.On(statefun.Int64, answer), replies),
	}
}

func begin(_ context.Context, inv *statefun.Invocation, a ask) error {
	for i := range a.Echoes {
		statefun.Int64.Send(inv, echo.Address(strconv.FormatInt(i, 10)), a.Echoes)
	}
	countType.Send(inv, inv.Self(), countdown{a.Count})
	return nil
}

// answer replies with how often this echo was asked.
func answer(_ context.Context, inv *statefun.Invocation, _ int64) error {
	n, err := replies.Get(inv)
	if err != nil {
		return err
	}
	replies.Set(inv, n+1)
	statefun.Int64.Reply(inv, n+1)
	return nil
}

// count1 counts an answer, and reports each hundredth.
func count1(_ context.Context, inv *statefun.Invocation, _ int64) error {
	n, err := replies.Get(inv)
	if err != nil {
		return err
	}
	n++
	replies.Set(inv, n)
	caller, ok := inv.Caller()
	if !ok || caller.Type != echo {
		return fmt.Errorf("an answer came from %v", caller)
	}
	if n%100 == 0 {
		heard.Send(inv, inv.Self().ID, fmt.Sprintf("%d answers", n))
	}
	return nil
}

func down(_ context.Context, inv *statefun.Invocation, c countdown) error {
	n, err := rounds.Get(inv)
	if err != nil {
		return err
	}
	if caller, ok := inv.Caller(); !ok || caller != inv.Self() {
		return fmt.Errorf("a message to itself came from %v", caller)
	}
	if c.Left == 0 {
		heard.Send(inv, inv.Self().ID+" itself", fmt.Sprintf("%d rounds", n))
		return nil
	}
	rounds.Set(inv, n+1)
	countType.Send(inv, inv.Self(), countdown{c.Left - 1})
	return nil
}

// dialogues is scenario 3: callers and replies, messages to itself, and 1000 ids
// at once.
var dialogues = scenario{name: "dialogue", application: dialogue, functions: dialogueFunctions, drive: converse}

func converse(w *world) {
	const echoes, rounds = 1000, 100
	var records []kafka.Record
	want := map[string][]string{}
	for _, id := range []string{"A", "B", "ü/2"} {
		records = append(records, kafka.Record{Topic: "asks", Key: id, Value: fmt.Sprintf(`{"echoes":%d,"count":%d}`, echoes, rounds)})
		for n := 100; n <= echoes; n += 100 {
			want["heard/"+id] = append(want["heard/"+id], fmt.Sprintf("%d answers", n))
		}
		want["heard/"+id+" itself"] = []string{fmt.Sprintf("%d rounds", rounds)}
	}
	w.send(records)
	w.equal(want)
}

func TestDialogue(t *testing.T) {
	t.Parallel()
	dialogues.on(t, flink3("async"), flink3("okhttp"), embedded())
}
