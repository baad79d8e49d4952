package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// TestRecordings plays what Flink 3.3 did to the engine under policy flink: the
// recorded answers in place of a function, the recorded messages from outside
// at their times. Each next request of an address must be the recorded one, and
// the end the same. What is not played, and where the engine differs, stands in
// recordings_tables_test.go.
func TestRecordings(t *testing.T) {
	t.Parallel()
	scenarios, err := vectors.Load(vectors.Flink33)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range scenarios {
		s := &scenarios[i]
		seen[s.Name] = true
		if unplayed(s.Name) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playRecording(t, s) })
		})
	}
	for name := range recordingDifferences {
		if !seen[name] || unplayed(name) {
			t.Errorf("the difference %q stands for no recording that is played", name)
		}
	}
}

func playRecording(t *testing.T, s *vectors.Scenario) {
	t.Helper()
	p := newPlayer(t, s)
	defer func() {
		if err := p.store.Close(); err != nil {
			t.Error(err)
		}
	}()
	err := p.play()
	want, differs := recordingDifferences[s.Name]
	switch {
	case !differs && err != nil:
		t.Error(err)
	case differs && (err == nil || !strings.Contains(err.Error(), want.mismatch)):
		t.Errorf("got %v, and the table of differences expects %q", err, want.mismatch)
	}
}

// player plays one recording. It is the function, the ingress and the egress of
// the application, which has the functions lab/* or one of them.
type player struct {
	*vectors.Scenario
	t       *testing.T
	fs      vfs.FS
	store   store.Store
	binding engine.Function
	okhttp  bool
	failed  bool    // the recorded job failed
	restart bool    // and was started again
	cut     bool    // the recording holds only the first exchanges
	times   []int64 // of the requests, in ms after the first
	asked   []wire.Request

	mu       sync.Mutex
	engine   *engine.Engine
	next     map[wire.Address]int // the exchange that comes next for an address
	sent     map[int]bool         // whose messages from outside have been sent
	served   map[int]bool         // which requests have been made
	mismatch error
}

var callBudget = regexp.MustCompile(`call: (\d+)s`)

func newPlayer(t *testing.T, s *vectors.Scenario) *player {
	t.Helper()
	p := &player{
		Scenario: s, t: t, fs: vfs.NewMem(), okhttp: strings.Contains(s.Endpoint, "okhttp"),
		next: map[wire.Address]int{}, sent: map[int]bool{}, served: map[int]bool{},
	}
	functions, _, _ := strings.Cut(strings.TrimPrefix(s.Endpoint, "functions: "), ",")
	namespace, name, _ := strings.Cut(functions, "/")
	p.binding = engine.Function{Namespace: namespace, Name: name, Caller: p}
	if m := callBudget.FindStringSubmatch(s.Endpoint); m != nil {
		seconds, _ := strconv.Atoi(m[1])
		p.binding.Budget = time.Duration(seconds) * time.Second
	}
	if p.okhttp {
		p.binding.Malformed = engine.KindFatal
	}
	var outcome string
	if err := json.Unmarshal(s.Outcome, &outcome); err != nil {
		t.Fatal(err)
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
	p.asked = make([]wire.Request, len(s.Exchanges))
	for i := len(s.Exchanges) - 1; i >= 0; i-- {
		if err := p.asked[i].Decode(s.Exchanges[i].Request.Body); err != nil {
			t.Fatal(err)
		}
		p.next[p.asked[i].Target] = i
	}
	var err error
	if p.store, err = store.Open("data", &store.Options{FS: p.fs}); err != nil {
		t.Fatal(err)
	}
	return p
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
		case left > 0 && !p.cut:
			return errors.Join(fmt.Errorf("%d recorded requests were not made", left), err)
		case err == nil && !p.cut:
			return p.compareRecords()
		}
		return nil
	}
}

// left counts the exchanges that are still to come.
func (p *player) left() int {
	n := 0
	for _, i := range p.next {
		for ; i >= 0; i = p.after(i) {
			if !p.served[i] {
				n++
			}
		}
	}
	return n
}

// after returns the exchange of the same address after i, or -1.
func (p *player) after(i int) int {
	for j := i + 1; j < len(p.asked); j++ {
		if p.asked[j].Target == p.asked[i].Target {
			return j
		}
	}
	return -1
}

// run runs one engine until it fails or nothing more happens for a while.
func (p *player) run(begin time.Time) error {
	e, err := engine.New(p.store, &engine.Options{
		Functions: []engine.Function{p.binding}, OnFailure: engine.Flink,
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
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		cancel()
		return <-done
	}
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
			case <-time.After(time.Until(begin.Add(time.Duration(p.times[i]) * time.Millisecond))):
			case <-ctx.Done():
				return
			}
		}
		p.inject(i)
	}
}

// before returns the exchange of the same address before i, or -1.
func (p *player) before(i int) int {
	for j := i - 1; j >= 0; j-- {
		if p.asked[j].Target == p.asked[i].Target {
			return j
		}
	}
	return -1
}

// inject sends the messages from outside that exchange i was the first to carry.
func (p *player) inject(i int) {
	p.mu.Lock()
	again := p.sent[i]
	if b := p.before(i); b >= 0 {
		again = again || !p.consumed(b)
	}
	p.sent[i] = true
	e := p.engine
	p.mu.Unlock()
	if again {
		return
	}
	for _, inv := range p.asked[i].Invocations {
		if inv.HasCaller || p.replayed(i, &inv) {
			continue
		}
		v, err := wire.ParseValue(wire.V3, inv.Argument)
		if err == nil {
			err = e.Send(context.Background(), engine.Address(p.asked[i].Target), engine.Value(v))
		}
		switch {
		case errors.Is(err, engine.ErrStopped): // the next engine gets it
			p.mu.Lock()
			p.sent[i] = false
			p.mu.Unlock()
			return
		case err != nil:
			p.fault(fmt.Errorf("exchange %d: %w", i, err))
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

func (p *player) fault(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mismatch == nil {
		p.mismatch = err
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

// consumed reports whether exchange i ended with a result.
func (p *player) consumed(i int) bool {
	b, err := p.response(i)
	var a wire.Answer
	return err == nil && a.Decode(wire.V3, b) == nil && !a.HasIncomplete
}

// Call implements engine.Caller.
func (p *player) Call(_ context.Context, _ engine.TypeName, request []byte) ([]byte, error) {
	var r wire.Request
	if err := r.Decode(request); err != nil {
		return nil, err
	}
	p.mu.Lock()
	i, ok := p.next[r.Target]
	p.mu.Unlock()
	if !ok || i < 0 {
		if !p.cut {
			p.fault(fmt.Errorf("a request for %v that was not recorded: %+v", r.Target, r))
		}
		return nil, &engine.CallError{Err: errors.New("not recorded")}
	}
	i, want := p.merge(i, len(r.Invocations))
	if err := sameRequest(&r, want); err != nil {
		p.fault(fmt.Errorf("exchange %d: %w", i, err))
		return nil, &engine.CallError{Kind: engine.KindFatal, Err: err}
	}
	after := p.after(i)
	if after >= 0 && len(p.asked[after].Invocations) > 1 {
		p.inject(after)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served[i] = true
	b, err := p.response(i)
	if last := after < 0 && p.failed && !p.consumed(i) || p.restartsAt(after); !last || err == nil && p.consumed(i) {
		p.next[r.Target] = after
	}
	return b, err
}

// merge returns exchange i with those after it that make a batch of n messages:
// the messages of one answer come together here, and one after the other in
// Flink. It does so only where the answers were empty.
func (p *player) merge(i, n int) (last int, r *wire.Request) {
	whole := p.asked[i]
	for after := p.after(i); after >= 0 && len(whole.Invocations) < n; after = p.after(i) {
		if b, err := p.response(i); err != nil || !bytes.Equal(b, []byte{0xa2, 0x06, 0}) {
			break
		}
		i = after
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

// sameRequest compares requests as messages: states are a set, because Flink
// sends them in the order of a hash map.
func sameRequest(got, want *wire.Request) error {
	g, w := requestTexts(got), requestTexts(want)
	if !slices.Equal(g, w) {
		return fmt.Errorf("got %q, want %q", g, w)
	}
	return nil
}

func requestTexts(r *wire.Request) []string {
	var texts []string
	for i := range r.States {
		texts = append(texts, fmt.Sprintf("state %s %v %s", r.States[i].Name, r.States[i].HasValue, r.States[i].Value))
	}
	slices.Sort(texts)
	texts = append(texts, "target "+r.Target.String())
	for i := range r.Invocations {
		inv := &r.Invocations[i]
		texts = append(texts, fmt.Sprintf("from %v %v: %v %s", inv.HasCaller, inv.Caller, inv.HasArgument, bytes.Clone(inv.Argument)))
	}
	return texts
}

// kafkaEgress is an egress with the rules of Flink's Kafka egress.
type kafkaEgress struct{}

// Check implements engine.Egress.
func (kafkaEgress) Check(v engine.Value) (engine.Record, error) {
	if err := semantics.KafkaRecords(wire.V3, wire.AppendValue(nil, wire.V3, wire.Value(v))); err != nil {
		return engine.Record{}, err
	}
	r, err := wire.DecodeKafkaRecord(v.Data)
	return engine.Record{Queue: "all", Key: r.Key, Value: r.Value}, err
}

// Run implements engine.Egress.
func (kafkaEgress) Run(ctx context.Context, _ engine.Outbox) error {
	<-ctx.Done()
	return nil
}

// compareRecords compares the records in the store with the recorded ones, as a
// set: instances have no order among each other.
func (p *player) compareRecords() error {
	var want, got []string
	if err := json.Unmarshal(p.Egress, &want); err != nil {
		return err
	}
	from, to := store.RecordKey("lab.io", "out", "all", 0), store.RecordKey("lab.io", "out", "all", 1<<62)
	var bad error
	err := p.store.Scan(from, to, func(_, stored []byte) bool {
		key, value, err := store.ParseRecord(stored)
		text := fmt.Sprintf("key=%q value=%q", key, value)
		if key == "" {
			text = fmt.Sprintf("key=null value=%q", value)
		}
		got, bad = append(got, text), err
		return err == nil
	})
	if err := errors.Join(err, bad); err != nil {
		return err
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("records %q, want %q", got, want)
	}
	return nil
}
