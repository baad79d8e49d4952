package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/statefun"
)

// The boss of the queue sends the clerk many tickets at once: those of one answer.
var (
	boss     = statefun.MustTypeName("queue/boss")
	rushType = statefun.JSON[int]("queue/Rush")
)

func rush(_ context.Context, inv *statefun.Invocation, tickets int) error {
	for range tickets {
		ticketType.Send(inv, queueClerk.Address(inv.Self().ID), nil)
	}
	return nil
}

// TestBurst is the batch of 1000 of scenario 7, and shows what maxNumBatchRequests
// does to messages of functions: in Flink nothing stops those that stay within a
// task, in the engine it bounds every batch.
func TestBurst(t *testing.T) {
	t.Parallel()
	a := queue
	a.inputs = []input{{"rushes", rushType.Name(), []string{boss.String()}}}
	functions := append(queueFunctions(), statefun.Define(boss, statefun.On(rushType, rush)))
	const n = 1000
	for _, c := range []struct {
		on          platform
		limit       int // maxNumBatchRequests
		least, most int // messages in the largest batch
	}{
		{flink3("async"), 40, n / 2, n},
		{flink3("okhttp"), 40, n / 2, n},
		{embedded(), 40, 40, 40},
		{embedded(), n, n / 2, n},
	} {
		t.Run(fmt.Sprintf("%d/%s", c.limit, c.on.name), func(t *testing.T) {
			t.Parallel()
			a := a
			a.maxBatch = c.limit
			w := open(t, c.on, a, serve(t, functions, options()))
			w.send([]kafka.Record{{Topic: "rushes", Key: "A", Value: strconv.Itoa(n)}})
			largest := slices.Max(w.served("A", n))
			if largest < c.least || largest > c.most {
				t.Errorf("the largest batch had %d messages, want %d to %d", largest, c.least, c.most)
			}
		})
	}
}
