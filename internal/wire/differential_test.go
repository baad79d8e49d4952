package wire_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// rounds is how many random messages of each kind a test takes.
const rounds = 1000

// random calls check with random messages of one kind: as protobuf-go encodes
// them, scrambled and corrupted.
func random(t *testing.T, md protoreflect.MessageDescriptor, check func(t *testing.T, b []byte)) {
	t.Helper()
	for seed := range uint64(rounds) {
		r := wiretest.NewRandom(seed)
		m := r.Message(md)
		check(t, wiretest.Marshal(m))
		scrambled := r.Scramble(m)
		if seen, err := wiretest.Unmarshal(md, scrambled); err != nil || !wiretest.Equal(m, seen) {
			t.Fatalf("seed %d: scrambling changed the message: %v", seed, err)
		}
		check(t, scrambled)
		check(t, r.Corrupt(wiretest.Marshal(m)))
		check(t, r.Corrupt(scrambled))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestRequestAgrees(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		t.Run(version(s), func(t *testing.T) {
			t.Parallel()
			random(t, s.Request, func(t *testing.T, b []byte) { t.Helper(); agreeRequest(t, s, b) })
		})
	}
}

func TestAnswerAgrees(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		t.Run(version(s), func(t *testing.T) {
			t.Parallel()
			random(t, s.Answer, func(t *testing.T, b []byte) { t.Helper(); agreeAnswer(t, s, b) })
		})
	}
}

// Every request that protobuf-go encodes comes back as the same bytes.
func TestRequestBytes(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		for seed := range uint64(rounds) {
			b := wiretest.Marshal(wiretest.NewRandom(seed).Message(s.Request))
			var r wire.Request
			if err := r.Decode(b); err != nil {
				t.Fatalf("%s, seed %d: %v", version(s), seed, err)
			}
			// An empty caller is none here, and no batch is written as an empty one.
			if again := wire.AppendRequest(nil, &r); r.HasBatch && !bytes.Equal(again, b) && !hasEmptyCaller(s, b) {
				t.Fatalf("%s, seed %d:\n%x encoded again is\n%x", version(s), seed, b, again)
			}
		}
	}
}

func hasEmptyCaller(s *wiretest.Schema, b []byte) bool {
	m, err := wiretest.Unmarshal(s.Request, b)
	if err != nil {
		return false
	}
	batch := m.ProtoReflect().Get(s.Request.Fields().ByNumber(100)).Message()
	list := batch.Get(batch.Descriptor().Fields().ByNumber(3)).List()
	for i := range list.Len() {
		inv := list.Get(i).Message()
		if caller := inv.Descriptor().Fields().ByNumber(1); inv.Has(caller) && proto.Size(inv.Get(caller).Message().Interface()) == 0 {
			return true
		}
	}
	return false
}

func TestValueAgrees(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		random(t, s.Value, func(t *testing.T, b []byte) { t.Helper(); agreeValue(t, s, b) })
	}
}

// agreeValue checks [wire.ParseValue] and [wire.AppendValue].
func agreeValue(t *testing.T, s *wiretest.Schema, b []byte) {
	t.Helper()
	want, refused := wiretest.Unmarshal(s.Value, b)
	val, err := wire.ParseValue(s.Version, b)
	again := wire.AppendValue(nil, s.Version, val)
	got, _ := wiretest.Unmarshal(s.Value, again)
	if agree(t, s.Value, b, got, err, want, refused) && !bytes.Equal(again, wiretest.Marshal(want)) {
		t.Errorf("%s %x\nencoded again is %x, want %x", s.Value.Name(), b, again, wiretest.Marshal(want))
	}
}

func TestRecordsAgree(t *testing.T) {
	t.Parallel()
	for _, s := range schemas(t) {
		random(t, s.Kafka, func(t *testing.T, b []byte) { t.Helper(); agreeKafka(t, s, b) })
		random(t, s.Kinesis, func(t *testing.T, b []byte) { t.Helper(); agreeKinesis(t, s, b) })
	}
}

// agreeKafka checks the Kafka record. A header is encoded with has_value set,
// and headers are in version 3 only, so bytes are compared where that holds.
func agreeKafka(t *testing.T, s *wiretest.Schema, b []byte) {
	t.Helper()
	want, refused := wiretest.Unmarshal(s.Kafka, b)
	record, err := wire.DecodeKafkaRecord(b)
	if s.Version == wire.V2 {
		// A 2.x runtime skips field 4, so nothing in it can make it refuse the
		// record; none of our encoders writes it there.
		if err != nil && refused == nil {
			return
		}
		record.Headers = nil
	}
	again := wire.AppendKafkaRecord(nil, &record)
	got, _ := wiretest.Unmarshal(s.Kafka, again)
	if want != nil {
		hasValues(want)
	}
	if agree(t, s.Kafka, b, got, err, want, refused) && !bytes.Equal(again, wiretest.Marshal(want)) {
		t.Errorf("KafkaProducerRecord %x\nencoded again is %x, want %x", b, again, wiretest.Marshal(want))
	}
}

// hasValues sets has_value in every header.
func hasValues(m proto.Message) {
	fd := m.ProtoReflect().Descriptor().Fields().ByName("headers")
	if fd == nil {
		return
	}
	list := m.ProtoReflect().Get(fd).List()
	for i := range list.Len() {
		list.Get(i).Message().Set(fd.Message().Fields().ByName("has_value"), protoreflect.ValueOfBool(true))
	}
}

func agreeKinesis(t *testing.T, s *wiretest.Schema, b []byte) {
	t.Helper()
	want, refused := wiretest.Unmarshal(s.Kinesis, b)
	record, err := wire.DecodeKinesisRecord(b)
	again := wire.AppendKinesisRecord(nil, &record)
	got, _ := wiretest.Unmarshal(s.Kinesis, again)
	if agree(t, s.Kinesis, b, got, err, want, refused) && !bytes.Equal(again, wiretest.Marshal(want)) {
		t.Errorf("KinesisEgressRecord %x\nencoded again is %x, want %x", b, again, wiretest.Marshal(want))
	}
}
