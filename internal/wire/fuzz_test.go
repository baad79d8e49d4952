package wire_test

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// seeds are inputs to start from, each once. Long ones are left out: the fuzzer
// spends its time on making them shorter.
type seeds struct {
	f    *testing.F
	seen map[string]bool
}

func newSeeds(f *testing.F) seeds {
	f.Helper()
	return seeds{f, map[string]bool{}}
}

func (s seeds) add(b []byte) {
	if len(b) < 512 && !s.seen[string(b)] {
		s.seen[string(b)] = true
		s.f.Add(b)
	}
}

// messages adds random messages in encodings that no encoder writes.
func (s seeds) messages(md protoreflect.MessageDescriptor) {
	for seed := range uint64(20) {
		r := wiretest.NewRandom(seed)
		s.add(r.Scramble(r.Message(md)))
	}
}

// A request is accepted where protobuf-go accepts it, with the same content, in
// both versions; encoded again it is the same request; and what it keeps is
// bounded by its size.
func FuzzRequest(f *testing.F) {
	list := schemas(f)
	start := newSeeds(f)
	for _, rec := range recordings(f) {
		start.add(rec.Request.Body)
	}
	start.messages(list[0].Request)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range list {
			agreeRequest(t, s, b)
		}
		var r wire.Request
		if r.Decode(b) != nil {
			return
		}
		if n := memory(&r); n > memoryFactor*(len(b)+16) {
			t.Errorf("%d bytes kept for %d of input", n, len(b))
		}
		var again wire.Request
		encoded := wire.AppendRequest(nil, &r)
		if err := again.Decode(encoded); err != nil {
			t.Errorf("%x encoded again is %x: %v", b, encoded, err)
		}
		if third := wire.AppendRequest(nil, &again); string(third) != string(encoded) {
			t.Errorf("%x encoded again is %x, and once more %x", b, encoded, third)
		}
	})
}

// An answer is accepted where protobuf-go accepts it, with the same content, in
// both versions.
func FuzzAnswer(f *testing.F) {
	list := schemas(f)
	start := newSeeds(f)
	for _, rec := range recordings(f) {
		start.add(rec.Response.Body)
	}
	start.messages(list[0].Answer)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range list {
			agreeAnswer(t, s, b)
		}
	})
}

// A verdict on whatever decodes is one of those that make sense, is the same
// each time, and is the same for the request encoded again. A message that
// protobuf-go reads as a value of one version with content is not taken for the
// other with certainty.
func FuzzDetect(f *testing.F) {
	list := schemas(f)
	start := newSeeds(f)
	for _, rec := range recordings(f) {
		start.add(rec.Request.Body)
	}
	start.messages(list[0].Request)
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again wire.Request
		if r.Decode(b) != nil {
			return
		}
		verdict := wire.Detect(&r)
		if verdict.Certain && verdict.Version == 0 || verdict.Mixed && verdict.Version == 0 {
			t.Errorf("%x: %+v", b, verdict)
		}
		if err := again.Decode(wire.AppendRequest(nil, &r)); err != nil || wire.Detect(&again) != verdict || wire.Detect(&r) != verdict {
			t.Errorf("%x: %+v, then %+v (%v)", b, verdict, wire.Detect(&again), err)
		}
		if !verdict.Certain || verdict.Mixed {
			return
		}
		for _, inv := range r.Invocations {
			for _, s := range list {
				if val, err := wire.ParseValue(s.Version, inv.Argument); err == nil && !inv.HasCaller && len(val.Data) > 0 && s.Version != verdict.Version {
					t.Errorf("%x: %+v, but %x has content in version %d", b, verdict, inv.Argument, s.Version)
				}
			}
		}
	})
}

// A value is read where protobuf-go reads it, with the same content, but for
// what is certainly of the other version, and encodes as protobuf-go encodes it.
func FuzzParseValue(f *testing.F) {
	list := schemas(f)
	start := newSeeds(f)
	for _, rec := range recordings(f) {
		var r wire.Request
		if r.Decode(rec.Request.Body) != nil {
			continue
		}
		for i := range r.Invocations {
			start.add(r.Invocations[i].Argument)
		}
		for i := range r.States {
			start.add(r.States[i].Value)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range list {
			agreeValue(t, s, b)
		}
	})
}

// Egress records are read as protobuf-go reads them, with the fork's headers.
func FuzzRecord(f *testing.F) {
	list := schemas(f)
	start := newSeeds(f)
	start.messages(list[0].Kafka)
	start.messages(list[0].Kinesis)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range list {
			agreeKafka(t, s, b)
			agreeKinesis(t, s, b)
		}
	})
}
