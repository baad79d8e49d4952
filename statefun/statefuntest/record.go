package statefuntest

import (
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// Record is a record that went to an egress.
type Record struct {
	Egress string // the egress's id, namespace/name

	Topic   string   // Kafka: the topic
	Key     string   // Kafka: the key, empty for none
	Headers []Header // Kafka: the headers, in order

	Stream       string // Kinesis: the stream
	PartitionKey string // Kinesis: the partition key
	HashKey      string // Kinesis: the explicit hash key, empty for none

	// TypeName is the type of a generic record's value, empty for Kafka and
	// Kinesis.
	TypeName string
	// Value is what the encoder wrote, as a consumer sees it. Text is
	// string(Value); [Decode] reads the values of a type.
	Value []byte
}

// Header is a header of a Kafka record.
type Header struct {
	Name  string
	Value []byte
}

// Records returns the records that went to the egress with this id, in the
// order in which the runtime got them. Of one function instance that is the
// order of sending; between instances there is none. It fails the test where no
// function can have sent any: where none declares this egress, no dead letter
// goes there, and [Options].Egresses does not name it. Of the functions of
// [NewWithHandler] only Options.Egresses tells.
func (r *Runtime) Records(egress string) []Record {
	r.tb.Helper()
	var out []Record
	for i := range r.machine.records {
		e := &r.machine.records[i]
		if e.Namespace+"/"+e.Name != egress {
			continue
		}
		rec, err := r.record(e)
		if err != nil {
			r.tb.Fatalf("statefuntest: record for egress %s: %v", egress, err)
		}
		out = append(out, rec)
	}
	if len(out) == 0 {
		if err := r.fns.checkEgress(egress); err != nil {
			r.tb.Fatalf("statefuntest: records for egress %q: %v", egress, err)
		}
	}
	return out
}

func (r *Runtime) record(e *wire.Egress) (Record, error) {
	rec := Record{Egress: e.Namespace + "/" + e.Name}
	val, err := wire.ParseValue(r.version, e.Argument)
	if err != nil {
		return rec, err
	}
	switch val.TypeName {
	case wire.KafkaTypeName(r.version):
		k, err := wire.DecodeKafkaRecord(val.Data)
		if err != nil {
			return rec, err
		}
		rec.Topic, rec.Key, rec.Value = k.Topic, k.Key, k.Value
		for _, h := range k.Headers {
			rec.Headers = append(rec.Headers, Header{h.Key, h.Value})
		}
	case wire.KinesisTypeName(r.version):
		k, err := wire.DecodeKinesisRecord(val.Data)
		if err != nil {
			return rec, err
		}
		rec.Stream, rec.PartitionKey, rec.HashKey, rec.Value = k.Stream, k.PartitionKey, k.ExplicitHashKey, k.Value
	default:
		rec.TypeName, rec.Value = strings.Clone(val.TypeName), val.Data
	}
	return rec, nil
}
