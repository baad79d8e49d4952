package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// recordPrefix comes before the name of an egress record's message.
const recordPrefix = "type.googleapis.com/"

// KafkaTypeName is the typename of a Kafka record, which a version 3 runtime
// compares exactly.
func KafkaTypeName(v Version) string {
	if v == V2 {
		return recordPrefix + "org.apache.flink.statefun.flink.io.KafkaProducerRecord"
	}
	return recordPrefix + "io.statefun.sdk.egress.KafkaProducerRecord"
}

// KinesisTypeName is the typename of a Kinesis record.
func KinesisTypeName(v Version) string {
	if v == V2 {
		return recordPrefix + "org.apache.flink.statefun.flink.io.KinesisEgressRecord"
	}
	return recordPrefix + "io.statefun.sdk.egress.KinesisEgressRecord"
}

// KafkaRecord is a KafkaProducerRecord. An empty key means none.
type KafkaRecord struct {
	Key, Topic string
	Value      []byte
	Headers    []Header
}

// Header is a header of a Kafka record, field 4 of the living fork's record;
// official runtimes skip it.
type Header struct {
	Key   string
	Value []byte
}

// AppendKafkaRecord appends the encoding of r to dst.
func AppendKafkaRecord(dst []byte, r *KafkaRecord) []byte {
	dst = appendText(dst, 1, r.Key)
	if len(r.Value) > 0 {
		dst = appendBlob(dst, 2, r.Value)
	}
	dst = appendText(dst, 3, r.Topic)
	for i := range r.Headers {
		h := &r.Headers[i]
		size := sizeText(h.Key) + 2
		if len(h.Value) > 0 {
			size += sizeMessage(len(h.Value))
		}
		dst = appendText(appendLen(append(dst, 4<<3|2), size), 1, h.Key)
		if len(h.Value) > 0 {
			dst = appendBlob(dst, 2, h.Value)
		}
		dst = append(dst, 3<<3, 1) // has_value
	}
	return dst
}

// DecodeKafkaRecord decodes b; the record is a view of it.
func DecodeKafkaRecord(b []byte) (r KafkaRecord, err error) {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return KafkaRecord{}, err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			r.Key, err = f.text("key")
		case f.is(2, protowire.BytesType):
			r.Value = f.data
		case f.is(3, protowire.BytesType):
			r.Topic, err = f.text("topic")
		case f.is(4, protowire.BytesType):
			err = decodeInto(&r.Headers, MaxStates, "headers", f.data, func(h *Header, b []byte) error { return h.decode(b) })
		}
		if err != nil {
			return KafkaRecord{}, fmt.Errorf("KafkaProducerRecord: %w", err)
		}
	}
	return r, nil
}

func (h *Header) decode(b []byte) error {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			if h.Key, err = f.text("key"); err != nil {
				return err
			}
		case f.is(2, protowire.BytesType):
			h.Value = f.data
		}
	}
	return nil
}

// KinesisRecord is a KinesisEgressRecord.
type KinesisRecord struct {
	PartitionKey, Stream, ExplicitHashKey string
	Value                                 []byte
}

// AppendKinesisRecord appends the encoding of r to dst.
func AppendKinesisRecord(dst []byte, r *KinesisRecord) []byte {
	dst = appendText(dst, 1, r.PartitionKey)
	if len(r.Value) > 0 {
		dst = appendBlob(dst, 2, r.Value)
	}
	dst = appendText(dst, 3, r.Stream)
	return appendText(dst, 4, r.ExplicitHashKey)
}

// DecodeKinesisRecord decodes b; the record is a view of it.
func DecodeKinesisRecord(b []byte) (r KinesisRecord, err error) {
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return KinesisRecord{}, err
		}
		b = rest
		switch {
		case f.is(1, protowire.BytesType):
			r.PartitionKey, err = f.text("partition_key")
		case f.is(2, protowire.BytesType):
			r.Value = f.data
		case f.is(3, protowire.BytesType):
			r.Stream, err = f.text("stream")
		case f.is(4, protowire.BytesType):
			r.ExplicitHashKey, err = f.text("explicit_hash_key")
		}
		if err != nil {
			return KinesisRecord{}, fmt.Errorf("KinesisEgressRecord: %w", err)
		}
	}
	return r, nil
}
