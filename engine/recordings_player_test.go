package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// player plays one recording. It is the function, the ingress and the egress of
// the application, which has the functions lab/* or one of them.
type player struct {
	*vectors.Scenario
	t         *testing.T
	store     store.Store
	functions []engine.Function
	refused   error // the application does not even start
	okhttp    bool
	overHTTP  bool    // functions are called over sockets
	pace      int64   // how much faster than in the recording messages come
	failed    bool    // the recorded job failed
	restart   bool    // and was started again
	cut       bool    // the recording holds only the first exchanges
	times     []int64 // of the requests, in ms after the first
	asked     []wire.Request

	mu       sync.Mutex
	engine   *engine.Engine
	next     map[wire.Address]int // the exchange that comes next for an address
	sent     map[int]bool         // whose messages from outside have been sent
	served   map[int][]byte       // the requests that have been made
	merged   bool                 // a request carried more than the recorded one
	mismatch error
}

func newPlayer(t *testing.T, s *vectors.Scenario) *player {
	t.Helper()
	p := &player{
		Scenario: s, t: t, okhttp: strings.Contains(s.Endpoint, "okhttp"), pace: 1,
		next: map[wire.Address]int{}, sent: map[int]bool{}, served: map[int][]byte{},
	}
	p.readOutcome()
	p.asked = make([]wire.Request, len(s.Exchanges))
	for i := range s.Exchanges {
		if body := s.Exchanges[i].Request.Body; len(body) == 0 { // a redirect was followed
			p.asked[i].Target = p.asked[0].Target
		} else if err := p.asked[i].Decode(body); err != nil {
			t.Fatal(err)
		}
		if _, ok := p.next[p.asked[i].Target]; !ok {
			p.next[p.asked[i].Target] = i
		}
	}
	p.bind(s.Endpoint, func(module.Endpoint) (engine.Caller, error) { return p, nil })
	var err error
	if p.store, err = store.Open("data", &store.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	return p
}

// readOutcome finds out how the job ended, and when requests came.
func (p *player) readOutcome() {
	var outcome string
	if err := json.Unmarshal(p.Outcome, &outcome); err != nil {
		p.t.Fatal(err)
	}
	p.failed, p.restart = strings.Contains(outcome, "The job failed"), strings.Contains(outcome, "was restarted")
	p.cut = strings.Contains(outcome, "are listed")
	_, list, _ := strings.Cut(outcome, "Request times in ms: ")
	for word := range strings.FieldsSeq(list) {
		ms, err := strconv.ParseInt(strings.TrimRight(word, "."), 10, 64)
		if err != nil {
			break
		}
		p.times = append(p.times, ms)
	}
}

// verdict plays the recording and returns what to say about it.
func (p *player) verdict() string {
	err := errors.Join(p.play(), p.store.Close())
	want, differs := recordingDifferences[p.Name]
	switch {
	case (!differs || p.merged) && err != nil:
		return err.Error()
	case p.merged != (want.mismatch == merged):
		return fmt.Sprintf("requests carried more messages than the recorded ones: %v, unlike in the table of differences", p.merged)
	case differs && !p.merged && (err == nil || !strings.Contains(err.Error(), want.mismatch)):
		return fmt.Sprintf("got %v, and the table of differences expects %q: remove the entry if it is settled", err, want.mismatch)
	}
	return ""
}

// play runs engines, a new one after each failure where Flink did so, and says
// how the recording and the engine differ.
func (p *player) play() error {
	begin := time.Now()
	for {
		err := p.run(begin)
		p.mu.Lock()
		mismatch, left := p.mismatch, p.left()
		p.mu.Unlock()
		switch {
		case mismatch != nil:
			return mismatch
		case err != nil && p.restart && left > 0:
			p.skipAttempts()
			continue
		case (err != nil) != (p.failed && !p.restart):
			return errors.Join(fmt.Errorf("the recorded job failed: %v, unlike the engine", p.failed), err)
		case left > 0:
			return errors.Join(fmt.Errorf("%d recorded requests were not made", left), err)
		}
		return p.compareRecords()
	}
}

// left counts the exchanges that are still to come.
func (p *player) left() int {
	n := 0
	for _, i := range p.next {
		for ; i >= 0; i = p.after(i) {
			if p.served[i] == nil {
				n++
			}
		}
	}
	return n
}

// run runs one engine until it fails or nothing more happens for a while.
func (p *player) run(begin time.Time) error {
	if p.refused != nil {
		return p.refused
	}
	e, err := engine.New(p.store, &engine.Options{
		Functions: p.functions, OnFailure: engine.Flink,
		Egresses: []engine.EgressBinding{{ID: engine.TypeName{Namespace: "lab.io", Name: "out"}, Egress: kafkaEgress{}}},
		Logger:   slog.New(slog.NewTextHandler(p.t.Output(), nil)),
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.engine = e
	p.mu.Unlock()
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	go p.drive(ctx, begin)
	return p.wait(done, cancel)
}

// wait waits until the engine has failed, or nothing more happens: for a minute
// of virtual time, or over sockets for a moment after the last request.
func (p *player) wait(done <-chan error, cancel func()) error {
	patience := time.NewTimer(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	ending := false
	for {
		select {
		case err := <-done:
			return err
		case <-patience.C:
			cancel()
			return <-done
		case <-tick.C:
			if p.overHTTP && !ending && p.over() {
				ending = true // a request too many would come now
				patience.Reset(100 * time.Millisecond)
			}
		}
	}
}

// over reports whether the recording holds nothing that is still to come.
func (p *player) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mismatch != nil || !p.failed && p.left() == 0
}

// drive sends the messages from outside at the times of the requests that they
// led to. Those of a larger batch waited for an earlier request to end, and are
// sent by [player.Call].
func (p *player) drive(ctx context.Context, begin time.Time) {
	for i := range p.asked {
		if len(p.asked[i].Invocations) > 1 && p.before(i) >= 0 {
			continue
		}
		if i < len(p.times) {
			select {
			case <-time.After(time.Until(begin.Add(time.Duration(p.times[i]/p.pace) * time.Millisecond))):
			case <-ctx.Done():
				return
			}
		}
		p.inject(i)
	}
	if len(p.asked) == 0 { // no request came through
		if err := p.send(wire.Address{Namespace: "lab", Name: "a", ID: "k"}, wire.AppendValue(nil, wire.V3, wire.Value{TypeName: "lab/cmd", Has: true})); err != nil {
			p.fault(0, err)
		}
	}
}

// send sends a message from outside.
func (p *player) send(to wire.Address, argument []byte) error {
	v, err := wire.ParseValue(wire.V3, argument)
	if err != nil {
		return err
	}
	return p.engine.Send(context.Background(), engine.Address(to), engine.Value(v))
}

// inject sends the messages from outside that exchange i was the first to carry.
func (p *player) inject(i int) {
	p.mu.Lock()
	again := p.sent[i]
	if b := p.before(i); b >= 0 {
		again = again || !p.consumed(b)
	}
	p.sent[i] = true
	p.mu.Unlock()
	if again {
		return
	}
	for _, inv := range p.asked[i].Invocations {
		if inv.HasCaller || p.replayed(i, &inv) {
			continue
		}
		switch err := p.send(p.asked[i].Target, inv.Argument); {
		case errors.Is(err, engine.ErrStopped): // the next engine gets it
			p.mu.Lock()
			p.sent[i] = false
			p.mu.Unlock()
			return
		case err != nil:
			p.fault(i, err)
		}
	}
}

// replayed reports whether a message came out of the source once before, and
// was taken back there by a restart from a checkpoint.
func (p *player) replayed(i int, inv *wire.Invocation) bool {
	for j := range p.asked[:i] {
		if p.restart && p.asked[j].Target == p.asked[i].Target && p.consumed(j) && bytes.Equal(p.asked[j].Invocations[0].Argument, inv.Argument) {
			return true
		}
	}
	return false
}

// fault takes note of the first difference.
func (p *player) fault(i int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mismatch == nil {
		p.mismatch = fmt.Errorf("exchange %d: %w", i, err)
	}
}

// response returns the answer of exchange i, or the failure that the transport
// made of it; package endpoint has the tests of that.
func (p *player) response(i int) ([]byte, error) {
	r := p.Exchanges[i].Response
	if r.Status >= 200 && r.Status <= 299 {
		return r.Body, nil
	}
	retry := r.Status == 0 || r.Status >= 500 || slices.Contains([]int{408, 409, 420, 429, 499}, r.Status)
	if kind := engine.KindRetry; !p.okhttp || retry {
		return nil, &engine.CallError{Kind: kind, Err: fmt.Errorf("status %d", r.Status)}
	}
	return nil, &engine.CallError{Kind: engine.KindFatal, Err: fmt.Errorf("status %d", r.Status)}
}

// consumed reports whether exchange i ended with a result. Over HTTP a job that
// failed never got one.
func (p *player) consumed(i int) bool {
	if p.overHTTP && p.failed {
		return false
	}
	b, err := p.response(i)
	var a wire.Answer
	return err == nil && a.Decode(wire.V3, b) == nil && !a.HasIncomplete
}

// Call implements engine.Caller.
func (p *player) Call(ctx context.Context, _ engine.TypeName, request []byte) ([]byte, error) {
	i, err := p.answer(request)
	if err != nil {
		return nil, &engine.CallError{Kind: engine.KindFatal, Err: err}
	}
	p.pause(ctx, i)
	return p.response(i)
}

// answer returns the exchange whose answer a request gets. An error means that
// the request is another one than the recorded.
func (p *player) answer(request []byte) (int, error) {
	var r wire.Request
	if err := r.Decode(request); err != nil {
		return 0, err
	}
	p.mu.Lock()
	i, ok := p.next[r.Target]
	p.mu.Unlock()
	if !ok || i < 0 {
		err := fmt.Errorf("a request for %v that was not recorded: %q", r.Target, requestTexts(&r))
		p.fault(len(p.asked), err)
		return 0, err
	}
	i, want := p.merge(i, len(r.Invocations))
	if err := errors.Join(sameRequest(&r, want), p.sameBytes(i, request)); err != nil {
		p.fault(i, err)
		return 0, err
	}
	after := p.after(i)
	if after >= 0 && len(p.asked[after].Invocations) > 1 {
		p.inject(after)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served[i] = request
	if again := after < 0 && p.cut || p.restartsAt(after); !again || p.consumed(i) {
		p.next[r.Target] = after
	}
	return i, nil
}

// merge returns exchange i with those after it that make a batch of n messages,
// which is the one difference that does not end a recording. It does so only
// where the answers were empty.
func (p *player) merge(i, n int) (last int, r *wire.Request) {
	whole := p.asked[i]
	for after := p.after(i); after >= 0 && len(whole.Invocations) < n; after = p.after(i) {
		if b, err := p.response(i); err != nil || !bytes.Equal(b, []byte{0xa2, 0x06, 0}) {
			break
		}
		i, p.merged = after, true
		whole.Invocations = append(slices.Clone(whole.Invocations), p.asked[i].Invocations...)
	}
	return i, &whole
}

// restartsAt reports whether exchange i is the first attempt of a new job on
// the async transport, where many attempts come before the failure.
func (p *player) restartsAt(i int) bool {
	if i < 0 || !p.restart || p.okhttp {
		return false
	}
	b := p.before(i)
	return b >= 0 && !p.consumed(b) && len(p.asked[i].States) < len(p.asked[b].States)
}

// skipAttempts goes on to the first attempts of a new job.
func (p *player) skipAttempts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, i := range p.next {
		for j := i; j >= 0 && !p.consumed(j); j = p.after(j) {
			if p.restartsAt(p.after(j)) {
				p.next[address] = p.after(j)
				break
			}
		}
	}
}
