package sdk_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

var (
	firstSeed = flag.Uint64("seed", 1, "first seed of TestDifferential; a failure prints its own")
	cases     = flag.Uint64("cases", 3000, "how many seeds TestDifferential tries")
)

// TestDifferential runs random registries on both SDKs and compares what they
// answer to the same request. Replay a failure with -seed and -cases 1.
func TestDifferential(t *testing.T) {
	t.Parallel()
	schema := wiretest.New(t, wire.V3)
	var seen tally
	for n := range *cases {
		seed := *firstSeed + n
		r := rand.New(rand.NewPCG(seed, 0))
		program := make([]byte, 1<<(4+r.IntN(8)))
		for i := range program {
			program[i] = byte(r.IntN(256))
		}
		if !seen.compare(t, schema, program) {
			t.Fatalf("seed %d: go test -run TestDifferential -seed %d -cases 1", seed, seed)
		}
	}
	t.Logf("seeds %d to %d: %+v", *firstSeed, *firstSeed+*cases-1, seen)
	// The comparison is worth little if most cases fail or do nothing.
	if n := *cases / 8; n > 100 && (seen.results < 4*n || seen.handshakes < n/4 || seen.failures < n/4) {
		t.Errorf("of %d cases: %+v: too few of one outcome", *cases, seen)
	}
}

// FuzzDifferential is TestDifferential with the fuzzer's bytes as the program.
func FuzzDifferential(f *testing.F) {
	schema := wiretest.New(f, wire.V3)
	f.Add([]byte{})
	for seed := range uint64(8) {
		program := make([]byte, 256)
		r := rand.NewChaCha8([32]byte{byte(seed)})
		_, _ = r.Read(program)
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		new(tally).compare(t, schema, program)
	})
}

// tally counts the outcomes.
type tally struct{ results, handshakes, failures uint64 }

// compare reports whether both SDKs answer alike.
func (y *tally) compare(t *testing.T, schema *wiretest.Schema, program []byte) bool {
	t.Helper()
	p := makePlan(schema, program)
	ours, err := ourRegistry(p)
	if err != nil {
		t.Error(err)
		return false
	}
	got, gotErr := ours(context.Background(), nil, p.request)
	want, wantErr := officialRegistry(t, p)(context.Background(), nil, p.request)
	switch {
	case (gotErr == nil) != (wantErr == nil):
		t.Errorf("request %x\nours: %v\nofficial: %v", p.request, gotErr, wantErr)
		return false
	case gotErr != nil:
		y.failures++
		return true
	}
	a, b := meaning(t, schema, got), meaning(t, schema, want)
	if !proto.Equal(a, b) {
		t.Errorf("request %x\nours:\n%s\nofficial:\n%s", p.request, wiretest.Text(a), wiretest.Text(b))
		return false
	}
	if a.ProtoReflect().Has(schema.Answer.Fields().ByName("invocation_result")) {
		y.results++
	} else {
		y.handshakes++
	}
	return true
}
