package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/internal/wire"
)

var raw = application{
	functions: "raw/*",
	inputs:    []input{{"asks", "raw/Ask", []string{"raw/raw"}}},
	egress:    "raw/out",
	outputs:   []string{"done"},
}

// bad are answers that no function of ours should give, and what Flink's log
// says when its job fails of them.
var bad = []struct {
	name, want string
	answer     []byte
}{
	{"negative-delay", "java.lang.IllegalArgumentException", result(wire.AppendDelayed(nil, wire.V3, -1, self("negative-delay"), nothing, ""))},
	{"cancel-nothing", "Can not handle a cancellation request without a cancellation token.", result(wire.AppendCancel(nil, ""))},
	{"token-twice", "Trying to associate a message with cancellation token", result(
		wire.AppendDelayed(nil, wire.V3, 60_000, self("token-twice"), nothing, "t"), wire.AppendDelayed(nil, wire.V3, 60_000, self("token-twice"), nothing, "t"))},
	{"token-pending", "Trying to associate a message with cancellation token", result(wire.AppendDelayed(nil, wire.V3, 60_000, self("token-pending"), nothing, "t"))},
	{"unknown-target", "Cannot find a provider for type FunctionType(no, body)", result(wire.AppendMessage(nil, wire.V3, wire.Address{Namespace: "no", Name: "body", ID: "x"}, nothing))},
	{"no-target", "Cannot find a provider for type FunctionType(, )", result(wire.AppendMessage(nil, wire.V3, wire.Address{}, nothing))},
	{"unknown-egress", "Unknown egress EgressKey(raw, nowhere,", result(wire.AppendEgress(nil, wire.V3, "raw", "nowhere", nothing))},
	{"other-record", "The generic Kafka egress expects only messages of type", result(wire.AppendEgress(nil, wire.V3, "raw", "out", nothing))},
	{"garbled-record", "Unable to unpack message as a", result(wire.AppendEgress(nil, wire.V3, "raw", "out",
		wire.Value{TypeName: wire.KafkaTypeName(wire.V3), Has: true, Data: []byte{0x0a, 0x7f}}))},
	{"no-topic", "Invalid topics: []", result(record(wire.KafkaRecord{Key: "no-topic", Value: []byte("x")}))},
	{"unknown-state", "Accessing a non-existing function state: ghost", result(wire.AppendDelete(nil, "ghost"))},
	{"state-without-value", "Previous type was: TypeName(raw, known), new type is: TypeName(io.statefun.types, unset)", result(wire.AppendModify(nil, wire.V3, known.Name, wire.Value{}))},
	{"state-of-other-type", "Previous type was: TypeName(raw, known), new type is: TypeName(raw, Nothing)", result(wire.AppendModify(nil, wire.V3, known.Name, nothing))},
	{"unknown-mutation", "Received an UNRECOGNIZED PersistedValueMutation type", result(bytes.Replace(
		wire.AppendModify(nil, wire.V3, known.Name, nothing), []byte{0x08, byte(wire.Modify)}, []byte{0x08, 7}, 1))},
	{"known-state-of-other-type", "Previous type was: TypeName(raw, known), new type is: TypeName(raw, b)", specs(wire.StateSpec{Name: known.Name, TypeName: "raw/b"})},
	{"bad-state-type", "Must be of format <namespace>/<name>", specs(wire.StateSpec{Name: "s", TypeName: "text"})},
	{"nested-state-type", "Must be of format <namespace>/<name>", specs(wire.StateSpec{Name: "s", TypeName: "a/b/c"})},
	{"nameless-state-type", "Must be of format <namespace>/<name>", specs(wire.StateSpec{Name: "s", TypeName: "raw/"})},
	{"state-two-types", "RemoteValueTypeMismatchException", specs(wire.StateSpec{Name: "s", TypeName: "raw/a"}, wire.StateSpec{Name: "s", TypeName: "raw/b"})},
	{"no-expiry", "TTL is expected to be positive", specs(wire.StateSpec{Name: "s", TypeName: "raw/a", Mode: wire.ExpireAfterWrite})},
	{"negative-expiry", "TTL is expected to be positive", specs(wire.StateSpec{Name: "s", TypeName: "raw/a", Mode: wire.ExpireAfterWrite, ExpireAfterMillis: -1})},
	{"state-batch", "HeapListState cannot be cast", specs(wire.StateSpec{Name: "batch", TypeName: "raw/a"})},
	{"state-request-state", "java.lang.Integer cannot be cast", specs(wire.StateSpec{Name: "request-state", TypeName: "raw/a"})},
}

// before are answers to the first call that are taken, where only what comes
// after them goes wrong.
var before = map[string][]byte{
	"token-pending": result(
		wire.AppendMessage(nil, wire.V3, self("token-pending"), nothing),
		wire.AppendDelayed(nil, wire.V3, 60_000, self("token-pending"), nothing, "t"),
	),
	"late-to-nobody": result(wire.AppendDelayed(nil, wire.V3, 500, wire.Address{Namespace: "no", Name: "body", ID: "x"}, nothing, "")),
}

// known is a state that the rogue declares, as a function should.
var known = wire.StateSpec{Name: "known", TypeName: "raw/known"}

var nothing = wire.Value{TypeName: "raw/Nothing", Has: true}

func self(id string) wire.Address { return wire.Address{Namespace: "raw", Name: "raw", ID: id} }

func result(effects ...[]byte) []byte {
	answer := wire.BeginResult(nil)
	for _, e := range effects {
		answer = append(answer, e...)
	}
	return wire.EndResult(answer, 0)
}

func specs(missing ...wire.StateSpec) []byte { return wire.AppendIncomplete(nil, missing) }

func record(r wire.KafkaRecord) []byte {
	return wire.AppendEgress(nil, wire.V3, "raw", "out", wire.Value{TypeName: wire.KafkaTypeName(wire.V3), Has: true, Data: wire.AppendKafkaRecord(nil, &r)})
}

// rogue declares its state, answers badly once to each id, and well afterwards.
type rogue struct {
	mu   sync.Mutex
	gave map[string]int // answers, by id
}

func (g *rogue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request wire.Request
	if err == nil {
		err = request.Decode(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if len(request.States) == 0 {
		w.Write(specs(known))
		return
	}
	w.Write(g.answer(request.Target.ID))
}

func (g *rogue) answer(id string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gave[id]++
	good, ok := before[id]
	if ok && g.gave[id] == 1 {
		return good
	}
	for _, b := range bad {
		if b.name == id && (g.gave[id] == 1 || ok && g.gave[id] == 2) {
			return b.answer
		}
	}
	return result(record(wire.KafkaRecord{Topic: "done", Key: id, Value: []byte("well")}))
}

func openRogue(t *testing.T, p platform) *world {
	t.Helper()
	server := httptest.NewServer(&rogue{gave: map[string]int{}})
	t.Cleanup(server.Close)
	return open(t, p, raw, server.URL)
}

// TestBadAnswers gives the runtime, once each, what our functions refuse to say.
// Flink's job fails of it, in the words that are expected, and recovers only
// because the second answer is another one. The engine tries again.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := openRogue(t, p)
			want := map[string][]string{}
			for i, b := range bad {
				w.send([]kafka.Record{{Topic: "asks", Key: b.name, Value: "x"}})
				want["done/"+b.name] = []string{"well"}
				w.await(i + 1)
				if log, ok := w.running.(*job); ok && !log.Says(b.want) {
					t.Errorf("%s: Flink's log does not say %q", b.name, b.want)
				}
			}
			w.equal(want)
		})
	}
}

// TestLateToNobody sends a delayed message to a type that no endpoint has. Flink
// takes the answer, and its job fails when the message is due. The engine keeps
// the message and says so, and all else goes on.
func TestLateToNobody(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := openRogue(t, p)
			ask := kafka.Record{Topic: "asks", Key: "late-to-nobody", Value: "x"}
			w.send([]kafka.Record{ask})
			if p.name != embedded().name {
				w.hear("TimerException")
				w.hear("Cannot find a provider for type FunctionType(no, body)")
				return
			}
			w.hear("a delayed message waits for a function that nothing is bound to")
			w.send([]kafka.Record{ask})
			w.equal(map[string][]string{"done/late-to-nobody": {"well"}})
		})
	}
}
