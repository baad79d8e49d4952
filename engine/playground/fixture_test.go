package playground_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/engine/playground"
)

// runner is what ingress and egress have in common here.
type runner interface {
	URL() string
	Close() error
}

// start runs a part until the test ends, and checks that it ends well.
func start(t *testing.T, r runner, run func(context.Context) error) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return r.URL()
}

// sent is a message that a sink got.
type sent struct {
	to    engine.Address
	value engine.Value
}

// sinkFunc is a sink in one function.
type sinkFunc func(ctx context.Context, to engine.Address, value engine.Value) error

func (f sinkFunc) Send(ctx context.Context, to engine.Address, value engine.Value) error {
	return f(ctx, to, value)
}

// startIngress starts an ingress and returns its URL.
func startIngress(t *testing.T, sink engine.Sink, opts *playground.Options) string {
	t.Helper()
	in, err := playground.NewIngress(module.PlaygroundIngress{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, in, func(ctx context.Context) error { return in.Run(ctx, sink) })
}

// queues is an outbox in memory.
type queues struct {
	mu       sync.Mutex
	records  map[string][]engine.Delivery
	taken    map[uint64]bool
	last     uint64
	err      error
	looks    atomic.Int64 // calls of Take
	removed  chan uint64
	released chan uint64
}

func newQueues() *queues {
	return &queues{
		records: map[string][]engine.Delivery{}, taken: map[uint64]bool{},
		removed: make(chan uint64, 100), released: make(chan uint64, 100),
	}
}

func (q *queues) add(r engine.Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	q.records[r.Queue] = append(q.records[r.Queue], engine.Delivery{Record: r, Sequence: q.last})
}

func (q *queues) Take(queue string) (engine.Delivery, bool, error) {
	q.looks.Add(1)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.records[queue] {
		if !q.taken[d.Sequence] {
			q.taken[d.Sequence] = true
			return d, true, q.err
		}
	}
	return engine.Delivery{}, false, q.err
}

func (q *queues) Remove(d engine.Delivery) error {
	q.removed <- d.Sequence
	return nil
}

func (q *queues) Release(d engine.Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken[d.Sequence] = false
	q.released <- d.Sequence
}

// startEgress starts an egress with the topics a and b/c.
func startEgress(t *testing.T, outbox engine.Outbox) (*playground.Egress, string) {
	t.Helper()
	e, err := playground.NewEgress(egressSpec(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e, start(t, e, func(ctx context.Context) error { return e.Run(ctx, outbox) })
}

func egressSpec(port int) module.PlaygroundEgress {
	return module.PlaygroundEgress{
		ID: module.TypeName{Namespace: "example", Name: "greets"}, Port: port, Topics: []string{"a", "b/c"},
		Position: module.Position{File: "module.yaml", Line: 12, Column: 3},
	}
}

// answer is what came back from a request.
type answer struct {
	status int
	compat string // the header named Status
	header http.Header
	body   string
}

func ask(t *testing.T, method, url string, header http.Header, body io.Reader) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	if header == nil {
		req.Header = http.Header{}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Status"), resp.Header, string(text)}
}
