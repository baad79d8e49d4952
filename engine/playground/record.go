package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// recordType is the typename of the playground's own record, a JSON object of
// two strings: topic and payload.
const recordType = "io.statefun.playground/EgressRecord"

// Check implements [engine.Egress]. Both kinds of record are kept as an encoded
// KafkaProducerRecord.
func (e *Egress) Check(value engine.Value) (engine.Record, error) {
	data := value.Data
	switch value.TypeName {
	case recordType:
		own, err := parseOwn(data)
		if err != nil {
			return engine.Record{}, fmt.Errorf("%s: %w", recordType, err)
		}
		data = wire.AppendKafkaRecord(nil, &own)
	case wire.KafkaTypeName(wire.V3):
	default:
		return engine.Record{}, fmt.Errorf("egress %s takes records of type %s or %s, not %q",
			e.id, wire.KafkaTypeName(wire.V3), recordType, value.TypeName)
	}
	record, err := wire.DecodeKafkaRecord(data)
	if err != nil {
		return engine.Record{}, fmt.Errorf("egress %s: %w", e.id, err)
	}
	if !slices.Contains(e.topics, record.Topic) {
		return engine.Record{}, fmt.Errorf("egress %s (%s) has no topic %q: correct it, or add it there; its topics are %s",
			e.id, e.at, record.Topic, strings.Join(e.topics, ", "))
	}
	return engine.Record{Queue: record.Topic, Key: record.Key, Value: data}, nil
}

// parseOwn reads an EgressRecord as strictly as the playground does: both
// members must be there, and no other.
func parseOwn(data []byte) (wire.KafkaRecord, error) {
	var members map[string]*string
	if err := json.Unmarshal(data, &members); err != nil {
		return wire.KafkaRecord{}, fmt.Errorf("not a JSON object of strings: %w", err)
	}
	topic, payload := members["topic"], members["payload"]
	if topic == nil || payload == nil || len(members) != 2 {
		return wire.KafkaRecord{}, errors.New(`want exactly two members, "topic" and "payload", that are not null`)
	}
	return wire.KafkaRecord{Topic: *topic, Value: []byte(*payload)}, nil
}
