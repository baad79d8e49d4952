package e2e_test

import (
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// TestBrokerRestart kills the Kafka broker in the middle of the random program
// and starts it again.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	a := newAuthor(t, 300)
	opts := &statefun.Options{Batch: []statefun.BatchMiddleware{linger(busy)}}
	w := open(t, flink3("async"), program, serve(t, programFunctions(), opts))
	records := a.write(t, 1000)
	w.send(records[:500])
	w.await(1)
	begin := time.Now()
	if err := shared.broker.Restart(w.ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("killed after %d records, back after %v", len(w.seen), time.Since(begin).Round(time.Millisecond))
	w.send(records[500:])
	a.tallied(w)
}
