package statefuntest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// TestRecordings plays what real runtimes did to ours: the recorded answers in
// place of a function. Each next request must be the recorded one, and the end
// the same: a failed job, or idleness. What cannot be played, and where we
// differ, stands in the tables of recordings_tables_internal_test.go.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{vectors.Flink33, vectors.Flink22, vectors.Flink21} {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for i := range scenarios {
			s := &scenarios[i]
			name := folder + "/" + s.Name
			if reason := notApplicable(name); reason != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				playScenario(t, name, s)
			})
		}
	}
}

// TestRecordingTables finds entries that say nothing: a recording that could be
// played is listed as one that cannot, or nothing has the name.
func TestRecordingTables(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, folder := range []string{vectors.Flink33, vectors.Flink22, vectors.Flink21} {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for i := range scenarios {
			name := folder + "/" + scenarios[i].Name
			used[name] = true
			for _, u := range unplayed {
				if !u.covers(name) {
					continue
				}
				used[u.name] = true
				if playVerdict(t, name, &scenarios[i]) == "" {
					t.Errorf("%s is listed as unplayed (%q), and can be played", name, u.name)
				}
			}
		}
	}
	for _, u := range unplayed {
		if !used[u.name] || u.reason == "" {
			t.Errorf("%q stands for no recording, or has no reason", u.name)
		}
	}
	for _, d := range differences {
		if !used[d.name] || notApplicable(d.name) != "" || d.reason == "" {
			t.Errorf("the difference %q stands for no played recording, or has no reason", d.name)
		}
	}
	for _, d := range declarations {
		if !used[d.name] {
			t.Errorf("the declaration %q stands for no recording", d.name)
		}
	}
}

func playScenario(t *testing.T, name string, s *vectors.Scenario) {
	t.Helper()
	if verdict := playVerdict(t, name, s); verdict != "" {
		t.Error(verdict)
	}
}

// playVerdict says how the recording and our runtime differ, but for what the
// table of differences says; empty for not at all.
func playVerdict(t *testing.T, name string, s *vectors.Scenario) string {
	t.Helper()
	p, err := newPlayer(name, s)
	if err != nil {
		t.Fatal(err)
	}
	err = p.play(t.Context())
	diff := differenceAt(name)
	if diff == nil {
		diff = &difference{failsAt: len(s.Exchanges) - 1}
		if !p.failed {
			diff.failsAt = never
		}
	}
	switch {
	case p.failedAt != diff.failsAt:
		return fmt.Sprintf("the job failed at exchange %d (%v), want %d (%d means never)", p.failedAt, err, diff.failsAt, never)
	case p.failedAt != never:
		return ""
	case diff.mismatch == "" && err != nil:
		return err.Error()
	case diff.mismatch != "" && (err == nil || !strings.Contains(err.Error(), diff.mismatch)):
		return fmt.Sprintf("got %v, and the table of differences expects %q: remove the entry if it is settled", err, diff.mismatch)
	}
	return ""
}

// never stands for a job that does not fail.
const never = -2

// beforeRequests stands for a job that fails before its first request.
const beforeRequests = -1

// player plays one recording.
type player struct {
	*vectors.Scenario
	script   *script
	machine  *machine
	times    []int64 // of the requests, after the first
	failed   bool    // whether the recorded job failed
	cut      bool    // the recording holds only the first exchanges
	failedAt int     // the exchange at which our job failed
}

func newPlayer(name string, s *vectors.Scenario) (*player, error) {
	p := &player{Scenario: s, script: &script{specs: map[functionType][]wire.StateSpec{}}, failedAt: never}
	if err := p.readOutcome(); err != nil {
		return nil, err
	}
	version := wire.V3
	if s.Protocol == "v2" {
		version = wire.V2
	}
	if err := p.script.learn(name, s); err != nil {
		return nil, err
	}
	p.machine = newMachine(version, p.script, 1_000_000)
	p.machine.trace.version = version
	return p, nil
}

// readOutcome finds out how the job ended, and when requests came.
func (p *player) readOutcome() error {
	var text string
	var object struct {
		Job   string  `json:"job"`
		Times []int64 `json:"request_times_ms"`
	}
	if bytes.HasPrefix(p.Outcome, []byte("{")) {
		err := json.Unmarshal(p.Outcome, &object)
		p.failed, p.times = strings.HasPrefix(object.Job, "FAILED"), object.Times
		return err
	}
	if err := json.Unmarshal(p.Outcome, &text); err != nil {
		return err
	}
	p.failed, p.cut = strings.Contains(text, "The job failed"), strings.Contains(text, "are listed")
	if _, list, ok := strings.Cut(text, "Request times in ms: "); ok {
		for word := range strings.FieldsSeq(list) {
			ms, err := strconv.ParseInt(strings.TrimRight(word, "."), 10, 64)
			if err != nil {
				break
			}
			p.times = append(p.times, ms)
		}
	}
	return nil
}

// play goes through the exchanges. An error with failedAt never is a mismatch.
func (p *player) play(ctx context.Context) error {
	for f := range p.script.specs {
		if _, err := p.machine.states(f); err != nil {
			p.failedAt = beforeRequests
			return err
		}
	}
	for i := range p.Exchanges {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.exchange(i); err != nil {
			return fmt.Errorf("exchange %d: %w", i, err)
		}
	}
	if p.cut || p.failed {
		return nil
	}
	for address, in := range p.machine.byAddr {
		if len(in.mailbox) > 0 {
			return fmt.Errorf("at the end %d messages are left for %v", len(in.mailbox), address)
		}
	}
	if n := p.machine.timers.waiting(); n > 0 {
		return fmt.Errorf("at the end %d delayed messages are left", n)
	}
	return p.compareRecords()
}

// compareRecords compares what came out of the egress, where that was recorded,
// as a set: instances have no order among each other.
func (p *player) compareRecords() error {
	var want []string
	write := p.writeKafka
	if p.Protocol == "v2" {
		var outcome struct {
			Egress []string `json:"egress"`
		}
		if !bytes.HasPrefix(p.Outcome, []byte("{")) {
			return nil // a remark, nothing else
		}
		if err := json.Unmarshal(p.Outcome, &outcome); err != nil || outcome.Egress == nil {
			return err
		}
		want, write = outcome.Egress, p.writeAny
	} else if err := json.Unmarshal(p.Egress, &want); err != nil {
		return err
	}
	var got []string
	for i := range p.machine.records {
		text, err := write(&p.machine.records[i])
		if err != nil {
			return err
		}
		got = append(got, text)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("records %q, want %q", got, want)
	}
	return nil
}

// writeKafka writes a record as the version 3 recordings do.
func (p *player) writeKafka(e *wire.Egress) (string, error) {
	val, err := wire.ParseValue(wire.V3, e.Argument)
	if err != nil {
		return "", err
	}
	r, err := wire.DecodeKafkaRecord(val.Data)
	if r.Key == "" {
		return fmt.Sprintf("key=null value=%q", r.Value), err
	}
	return fmt.Sprintf("key=%q value=%q", r.Key, r.Value), err
}

// writeAny writes a record as the version 2 recordings do.
func (p *player) writeAny(e *wire.Egress) (string, error) {
	val, err := wire.ParseValue(wire.V2, e.Argument)
	if err != nil && !errors.Is(err, wire.ErrOtherVersion) {
		return "", err
	}
	if err != nil { // Flink reads what it can
		val, err = wire.ParseValue(wire.V3, e.Argument)
		val.Data = nil
	}
	return fmt.Sprintf("%s/%s <- Any{type_url: %q, value(base64): %s}", e.Namespace, e.Name, val.TypeName, base64.StdEncoding.EncodeToString(val.Data)), err
}

func (p *player) exchange(i int) error {
	m, x := p.machine, &p.Exchanges[i]
	var want wire.Request
	if err := want.Decode(x.Request.Body); err != nil {
		return err
	}
	if i < len(p.times) {
		m.now = max(m.now, 1_000_000+p.times[i])
	}
	in, err := p.mailbox(&want)
	if err != nil {
		return err
	}
	if i == 0 && slices.Contains(fragments, p.Folder+"/"+p.Name) {
		in.restore(m.now, &want)
	}
	request, sent, err := m.request(in, len(want.Invocations))
	if err != nil {
		return err
	}
	var got wire.Request
	if err := got.Decode(request); err != nil {
		return err
	}
	if err := sameRequest(m.version, &got, &want); err != nil {
		return err
	}
	if x.Response.Status < 200 || x.Response.Status > 299 {
		return nil // Flink sends the same request again
	}
	if _, err := m.apply(in, len(want.Invocations), sent, x.Response.Body); err != nil {
		p.failedAt = i
		return err
	}
	return nil
}

// restore gives an instance the states that a request carries.
func (in *instance) restore(now int64, r *wire.Request) {
	for i := range r.States {
		in.cells = append(in.cells, semantics.Cell{Present: r.States[i].HasValue, Value: r.States[i].Value, Touched: now})
	}
}

// mailbox returns the target's mailbox with the messages of the request at its
// head. Those without a caller come from outside: they are put in now.
func (p *player) mailbox(want *wire.Request) (*instance, error) {
	m := p.machine
	for m.fire() { // all that is due
	}
	for i := range want.Invocations {
		inv := &want.Invocations[i]
		for {
			in := m.byAddr[want.Target]
			if in != nil && len(in.mailbox) > i {
				break
			}
			if !inv.HasCaller {
				m.deliver(want.Target, wire.Invocation{HasArgument: true, Argument: inv.Argument})
				break
			}
			due, ok := m.timers.next()
			if !ok {
				return nil, fmt.Errorf("message %d from %v has not been sent", i, inv.Caller)
			}
			m.now = max(m.now, due) // the recording holds no times
			m.fire()
		}
	}
	if in := m.byAddr[want.Target]; in != nil {
		return in, nil
	}
	return nil, errors.New("a request without messages")
}

// sameRequest compares requests as messages: states are a set, because Flink
// sends them in the order of a hash map.
func sameRequest(v wire.Version, got, want *wire.Request) error {
	if got.Target != want.Target {
		return fmt.Errorf("target %v, want %v", got.Target, want.Target)
	}
	if g, w := stateTexts(v, got), stateTexts(v, want); !slices.Equal(g, w) {
		return fmt.Errorf("states %q, want %q", g, w)
	}
	if len(got.Invocations) != len(want.Invocations) {
		return fmt.Errorf("%d messages, want %d", len(got.Invocations), len(want.Invocations))
	}
	for i := range got.Invocations {
		g, w := &got.Invocations[i], &want.Invocations[i]
		if g.HasCaller != w.HasCaller || g.Caller != w.Caller {
			return fmt.Errorf("message %d comes from %v, want %v", i, g.Caller, w.Caller)
		}
		if g.HasArgument != w.HasArgument || !bytes.Equal(g.Argument, w.Argument) {
			return fmt.Errorf("message %d is %q, want %q", i, g.Argument, w.Argument)
		}
	}
	return nil
}

func stateTexts(v wire.Version, r *wire.Request) []string {
	texts := make([]string, 0, len(r.States))
	for i := range r.States {
		s := &r.States[i]
		value := s.Value
		if v == wire.V2 {
			value = s.Opaque()
		}
		texts = append(texts, fmt.Sprintf("%s %v %q", s.Name, s.HasValue, value))
	}
	slices.Sort(texts)
	return texts
}

// script is the responder of a recording: it knows the functions, states and
// egresses of the recorded job. The player feeds the answers itself.
type script struct {
	namespace string // of which all functions are known
	types     map[functionType]bool
	specs     map[functionType][]wire.StateSpec
	kafka     bool // records go to Kafka; otherwise the recorded job took anything
}

// learn reads the functions from the endpoint or the requests, and the states
// of version 2, whose module files were not all recorded, from the requests.
func (s *script) learn(name string, rec *vectors.Scenario) error {
	s.types = map[functionType]bool{}
	s.kafka = rec.Protocol == "v3" || strings.HasPrefix(rec.Name, "kafka-")
	if functions, _, ok := strings.Cut(strings.TrimPrefix(rec.Endpoint, "functions: "), ","); ok {
		namespace, name, _ := strings.Cut(functions, "/")
		if name == "*" {
			s.namespace = namespace
		}
		s.types[functionType{namespace, name}] = true
	}
	for i := range rec.Exchanges {
		var r wire.Request
		if err := r.Decode(rec.Exchanges[i].Request.Body); err != nil {
			return err
		}
		if rec.Protocol == "v2" {
			s.types[typeOf(r.Target)] = true
			s.declare(typeOf(r.Target), r.States)
		}
	}
	for _, d := range declarations {
		if d.name == name {
			s.specs[d.function] = d.specs
		}
	}
	return nil
}

func (s *script) declare(f functionType, states []wire.State) {
	for i := range states {
		if !slices.ContainsFunc(s.specs[f], func(spec wire.StateSpec) bool { return spec.Name == states[i].Name }) {
			s.specs[f] = append(s.specs[f], wire.StateSpec{Name: states[i].Name})
		}
	}
}

func (s *script) respond(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("the player feeds the answers")
}

func (s *script) knows(f functionType) bool {
	return s.types[f] || s.namespace != "" && f.namespace == s.namespace
}

func (s *script) declared(f functionType) ([]wire.StateSpec, error) { return s.specs[f], nil }

func (s *script) egress(namespace, name string) (semantics.EgressRule, bool) {
	if !s.kafka {
		return nil, namespace == "demo" && name == "out"
	}
	return semantics.KafkaRecords, namespace+"/"+name == "lab.io/out" || namespace+"/"+name == "demo/out"
}
