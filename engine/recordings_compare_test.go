package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// sameRequest compares requests as messages: states are a set, because Flink
// sends them in the order of a hash map.
func sameRequest(got, want *wire.Request) error {
	g, w := requestTexts(got), requestTexts(want)
	if !slices.Equal(g, w) {
		return fmt.Errorf("got %q, want %q", g, w)
	}
	return nil
}

var sameNote = regexp.MustCompile(`body identical to exchange (\d+)`)

// sameBytes compares a request with an earlier one where the recorded ones were
// the same byte for byte: it is the next attempt of the same call.
func (p *player) sameBytes(i int, request []byte) error {
	m := sameNote.FindStringSubmatch(p.Exchanges[i].Note)
	if m == nil {
		return nil
	}
	first, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if earlier := p.served[first]; earlier != nil && !bytes.Equal(earlier, request) {
		return fmt.Errorf("request %x, and for exchange %d it was %x", request, first, earlier)
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

// after returns the exchange of the same address after i, or -1.
func (p *player) after(i int) int {
	for j := i + 1; j < len(p.asked); j++ {
		if p.asked[j].Target == p.asked[i].Target {
			return j
		}
	}
	return -1
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
