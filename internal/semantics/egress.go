package semantics

import (
	"errors"
	"fmt"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// EgressRule says what an egress cannot take. Nil means that it takes
// anything. The argument is encoded, see [wire.ParseValue].
type EgressRule func(v wire.Version, argument []byte) error

// KafkaRecords is the rule of a Kafka egress: a KafkaProducerRecord under its
// typename, with a topic.
//
// Flink takes a record without a topic and fails later, at the next record of
// any function or at the next checkpoint, without naming the function.
func KafkaRecords(v wire.Version, argument []byte) error {
	data, err := record(v, argument, wire.KafkaTypeName(v))
	if err != nil {
		return err
	}
	r, err := wire.DecodeKafkaRecord(data)
	if err == nil && r.Topic == "" {
		err = errors.New("the record has no topic (Flink fails later: Invalid topics: [])")
	}
	return err
}

// KinesisRecords is the rule of a Kinesis egress: a KinesisEgressRecord under
// its typename, with a stream and a partition key.
func KinesisRecords(v wire.Version, argument []byte) error {
	data, err := record(v, argument, wire.KinesisTypeName(v))
	if err != nil {
		return err
	}
	r, err := wire.DecodeKinesisRecord(data)
	switch {
	case err != nil:
	case r.Stream == "":
		err = errors.New("the record has no stream")
	case r.PartitionKey == "":
		err = errors.New("the record has no partition key")
	}
	return err
}

// record unwraps an argument of the given type. Version 3 compares the whole
// typename, version 2 the part after the last slash.
func record(v wire.Version, argument []byte, typename string) ([]byte, error) {
	val, err := wire.ParseValue(v, argument)
	if err != nil {
		return nil, err
	}
	is, want := val.TypeName, typename
	if v == wire.V2 {
		is, want = lastPart(is), lastPart(want)
	}
	if is != want {
		return nil, fmt.Errorf("the egress expects only messages of type %s, and this one is %q", typename, val.TypeName)
	}
	return val.Data, nil
}

func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
