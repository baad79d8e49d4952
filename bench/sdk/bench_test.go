package sdk_test

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// BenchmarkHandler measures one request through a whole handler: by ours, which
// appends to a buffer that is used again, as an adapter may; by ours_fresh, the
// same with a new buffer each time, which is what an adapter pays that cannot;
// and by the official SDK, which has no such choice.
func BenchmarkHandler(b *testing.B) {
	for i := range workloads {
		w := &workloads[i]
		b.Run(w.name+"/sdk=official", func(b *testing.B) { run(b, newOfficial(b, w), w.request, false) })
		b.Run(w.name+"/sdk=ours", func(b *testing.B) { run(b, newOurs(w), w.request, true) })
		b.Run(w.name+"/sdk=ours_fresh", func(b *testing.B) { run(b, newOurs(w), w.request, false) })
	}
}

func run(b *testing.B, handle invoke, request []byte, reuse bool) {
	b.Helper()
	ctx := context.Background()
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(request)))
	for b.Loop() {
		answer, err := handle(ctx, dst, request)
		if err != nil {
			b.Fatal(err)
		}
		if reuse {
			dst = answer[:0]
		}
	}
}

// TestWorkloads shows that both SDKs do the same work: their answers mean the
// same.
func TestWorkloads(t *testing.T) {
	t.Parallel()
	schema := wiretest.New(t, wire.V3)
	for i := range workloads {
		w := &workloads[i]
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			ours, err := newOurs(w)(context.Background(), nil, w.request)
			if err != nil {
				t.Fatal(err)
			}
			official, err := newOfficial(t, w)(context.Background(), nil, w.request)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := meaning(t, schema, ours), meaning(t, schema, official); !proto.Equal(a, b) {
				t.Errorf("ours:\n%s\nofficial:\n%s", wiretest.Text(a), wiretest.Text(b))
			}
		})
	}
}
