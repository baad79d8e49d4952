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
	remembered.Send(inv, inv.Self().ID, fmt.Sprintf("%d at %d: after write %t, after call %t", n, time.Now().UnixMilli(), wrote, called))
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

// forget writes once and then asks after 5/8, 10/8 and 20/8 of the time that
// values last. When a message really came, its record says.
func forget(w *world) {
	const step = memoryLasts * 5 / 8
	w.send([]kafka.Record{{Topic: "memos", Key: "warm", Value: "x"}})
	w.await(1) // the first call takes longer
	for _, m := range []struct {
		value string
		then  time.Duration
	}{{"x", step}, {"", step}, {"", 2 * step}, {"", 0}} {
		w.send([]kafka.Record{{Topic: "memos", Key: "Ann", Value: m.value}})
		w.pause(m.then)
	}
	w.await(5)
	w.settle()
	records := byKey(w.seen)["remembered/Ann"]
	if len(w.seen) != 5 || len(records) != 4 {
		w.t.Fatalf("the records are %v, want one of warm and four of Ann", w.seen)
	}
	w.remembered(records)
}

// remembered compares what Ann remembered with when she was asked.
func (w *world) remembered(records []string) {
	w.t.Helper()
	var written, called, sure int64
	alive := false // what expires after a call
	for i, record := range records {
		var n, at int64
		var got [2]bool
		if _, err := fmt.Sscanf(record, "%d at %d: after write %t, after call %t", &n, &at, &got[0], &got[1]); err != nil || n != int64(i) {
			w.t.Fatalf("record %d is %q: %v", i, record, err)
		}
		if i == 0 {
			written, alive = at, true
			if got[0] || got[1] {
				w.t.Errorf("something is there before it was written: %q", record)
			}
		}
		for k, since := range []int64{written, called} {
			age := at - since - memoryLasts.Milliseconds()
			want := age < 0 && (k == 0 || alive)
			if i == 0 || max(age, -age) < 300 {
				continue // it was a near thing
			}
			sure++
			if got[k] != want {
				w.t.Errorf("%q, %d ms after it was written and %d after the last call", record, at-written, at-called)
			}
		}
		called, alive = at, alive && (i == 0 || got[1])
	}
	if sure < 4 {
		w.t.Errorf("the machine is too busy to tell anything: %q", records)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	expiry.on(t, flink3("async"), flink3("okhttp"), embedded())
}
