package wire

import "fmt"

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
// official runtimes skip it. Its has_value is always written, and not looked at
// when read.
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
func DecodeKafkaRecord(b []byte) (KafkaRecord, error) {
	var r KafkaRecord
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			r.Key = f.text("key")
		case 2<<3 | lenType:
			r.Value = f.data()
		case 3<<3 | lenType:
			r.Topic = f.text("topic")
		case 4<<3 | lenType:
			element(&f, &r.Headers, MaxStates, "headers", (*Header).decode)
		}
	}
	if f.err != nil {
		return KafkaRecord{}, fmt.Errorf("KafkaProducerRecord: %w", f.err)
	}
	return r, nil
}

func (h *Header) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			h.Key = f.text("key")
		case 2<<3 | lenType:
			h.Value = f.data()
		}
	}
	return f.err
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
func DecodeKinesisRecord(b []byte) (KinesisRecord, error) {
	var r KinesisRecord
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			r.PartitionKey = f.text("partition_key")
		case 2<<3 | lenType:
			r.Value = f.data()
		case 3<<3 | lenType:
			r.Stream = f.text("stream")
		case 4<<3 | lenType:
			r.ExplicitHashKey = f.text("explicit_hash_key")
		}
	}
	if f.err != nil {
		return KinesisRecord{}, fmt.Errorf("KinesisEgressRecord: %w", f.err)
	}
	return r, nil
}
