package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/statefun"
)

// The queue: a clerk who takes his time for each batch, and says of each ticket
// which number it has and how many came with it.
var (
	queueClerk = statefun.MustTypeName("queue/clerk")
	ticketType = statefun.Bytes("queue/Ticket")
	number     = statefun.NewState("number", statefun.Int64)
	served     = statefun.KafkaTopic("queue/out", "served", statefun.Text)
	queue      = application{
		functions: "queue/*",
		maxBatch:  40,
		inputs:    []input{{"tickets", ticketType.Name(), []string{queueClerk.String()}}},
		egress:    "queue/out",
		outputs:   []string{"served"},
		states:    []string{number.Name()},
	}
)

// batchKey is that of the context's value which holds the size of the batch.
type batchKey struct{}

// slowly makes the batches of some functions take some time, so that later ones
// hold what has come meanwhile.
func slowly(next statefun.BatchFunc) statefun.BatchFunc {
	takes := map[statefun.TypeName]time.Duration{queueClerk: 100 * time.Millisecond, archive: time.Second}
	return func(ctx context.Context, b *statefun.Batch) error {
		if d, ok := takes[b.Target().Type]; ok && !b.Handshake() {
			<-time.After(d)
		}
		return next(context.WithValue(ctx, batchKey{}, b.Len()), b)
	}
}

func serveTicket(ctx context.Context, inv *statefun.Invocation, _ []byte) error {
	n, err := number.Get(inv)
	if err != nil {
		return err
	}
	number.Set(inv, n+1)
	served.Send(inv, inv.Self().ID, fmt.Sprintf("%d of %d", n+1, ctx.Value(batchKey{})))
	return nil
}

// batches is scenario 6: many messages for one id, and a function that is slow.
var batches = scenario{name: "batches", application: queue, functions: queueFunctions, drive: queueUp}

func queueFunctions() []statefun.Function {
	return []statefun.Function{statefun.Define(queueClerk, statefun.On(ticketType, serveTicket), number, served)}
}

func queueUp(w *world) {
	const n = 400
	w.send(slices.Repeat([]kafka.Record{{Topic: "tickets", Key: "A", Value: "x"}}, n))
	sizes := w.served("A", n)
	most, some := queue.maxBatch, queue.maxBatch/2
	if slices.Max(sizes) > most || slices.Max(sizes) < some || len(sizes) > n/8 {
		w.t.Errorf("batches of %v, want at most %d, the largest with %d to %d", sizes, n/8, some, most)
	}
}

// served waits for n tickets of a clerk, which must come in order, and returns
// the size of each batch.
func (w *world) served(id string, n int) []int {
	w.t.Helper()
	w.await(n)
	w.settle()
	values := byKey(w.seen)["served/"+id]
	if len(values) != n || len(w.seen) != n {
		w.t.Fatalf("%d tickets were served, %d of clerk %s; want %d", len(w.seen), len(values), id, n)
	}
	var sizes []int
	left := 0 // of the batch
	for i, value := range values {
		var place, size int
		if _, err := fmt.Sscanf(value, "%d of %d", &place, &size); err != nil || place != i+1 || left > 0 && size != sizes[len(sizes)-1] {
			w.t.Fatalf("ticket %d says %q in a batch with %d more: %v", i+1, value, left, err)
		}
		if left == 0 {
			sizes, left = append(sizes, size), size
		}
		left--
	}
	w.t.Logf("the largest batch had %d messages", slices.Max(sizes))
	return sizes
}

func TestBatches(t *testing.T) {
	t.Parallel()
	batches.on(t, flink3("async"), flink3("okhttp"), flink2(), embedded())
}
