package e2e_test

import (
	"fmt"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/examples/greeter"
)

// TestAnswerLimit makes one answer larger than payload_max_bytes, by a field that
// no runtime knows. Flink's async transport and the engine call again; OkHttp has
// no such limit.
func TestAnswerLimit(t *testing.T) {
	t.Parallel()
	const limit = 10_000
	a := greetings
	a.transport = map[string]string{"async": fmt.Sprintf("payload_max_bytes: %d", limit)}
	for _, c := range []struct {
		on    platform
		calls int
	}{{flink3("async"), 2}, {flink3("okhttp"), 1}, {embedded(), 2}} {
		t.Run(c.on.name, func(t *testing.T) {
			t.Parallel()
			relay, url := between(t, serve(t, greeter.Functions(), nil))
			w := open(t, c.on, a, url)
			ann := []kafka.Record{{Topic: "names", Key: "Ann", Value: `{"name":"Ann"}`}}
			w.send(ann)
			w.await(1)
			relay.set(padded(limit), 1)
			w.send(ann)
			w.equal(map[string][]string{"greetings/Ann": {"Hello Ann, visit 1", "Hello Ann, visit 2"}})
			if calls := relay.calls(); calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
		})
	}
}
