package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/statefun"
)

const memoryLasts = 4 * time.Second

// The memory: two states that are written together and expire differently.
var (
	memory     = statefun.MustTypeName("memory/memory")
	memoType   = statefun.Bytes("memory/Memo")
	afterWrite = statefun.NewState("after_write", statefun.String, statefun.ExpireAfterWrite(memoryLasts))
	afterCall  = statefun.NewState("after_call", statefun.String, statefun.ExpireAfterCall(memoryLasts))
	forEver    = statefun.NewState("for_ever", statefun.Int64)
	remembered = statefun.KafkaTopic("memory/out", "remembered", statefun.Text)
)

var memories = application{
	functions: "memory/*",
	inputs:    []input{{"memos", memoType.Name(), []string{memory.String()}}},
	egress:    "memory/out",
	outputs:   []string{"remembered"},
}

// remember reports which states are there; a memo with text writes them.
func remember(_ context.Context, inv *statefun.Invocation, memo []byte) error {
	_, wrote, err := afterWrite.Lookup(inv)
	if err != nil {
		return err
	}
	_, called, err := afterCall.Lookup(inv)
	if err != nil {
		return err
	}
	n, err := forEver.Get(inv)
	if err != nil {
		return err
	}
	forEver.Set(inv, n+1)
	remembered.Send(inv, inv.Self().ID, fmt.Sprintf("%d: after write %t, after call %t", n, wrote, called))
	if len(memo) > 0 {
		afterWrite.Set(inv, string(memo))
		afterCall.Set(inv, string(memo))
	}
	return nil
}

// expiry is scenario 4: values that expire after they were written, and after
// the last call.
var expiry = scenario{name: "expiry", application: memories, functions: memoryFunctions, drive: forget, timed: true}

func memoryFunctions() []statefun.Function {
	return []statefun.Function{statefun.Define(memory, statefun.On(memoType, remember), afterWrite, afterCall, forEver, remembered)}
}

// forget sends each message some time after the last was answered: in one step a
// value is still there, in two it is not. An answer may come a second late.
func forget(w *world) {
	const step = memoryLasts * 5 / 8
	for i, m := range []struct {
		key, value string
		then       time.Duration
	}{{"warm", "x", 0}, {"Ann", "x", step}, {"Ann", "", step}, {"Ann", "", 2 * step}, {"Ann", "", 0}} {
		w.send([]kafka.Record{{Topic: "memos", Key: m.key, Value: m.value}})
		w.await(i + 1)
		w.pause(m.then)
	}
	w.equal(map[string][]string{
		"remembered/warm": {"0: after write false, after call false"},
		"remembered/Ann": {
			"0: after write false, after call false",
			"1: after write true, after call true",
			"2: after write false, after call true",
			"3: after write false, after call false",
		},
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	expiry.on(t, flink3("async"), flink3("okhttp"), embedded())
}
