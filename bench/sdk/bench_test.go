package sdk_test

import (
	"context"
	"testing"
)

// BenchmarkHandler measures one request through a whole handler. Ours appends
// to a buffer that is used again, as an adapter may; the official SDK has no
// such call.
func BenchmarkHandler(b *testing.B) {
	for i := range workloads {
		w := &workloads[i]
		b.Run(w.name+"/sdk=ours", func(b *testing.B) { run(b, newOurs(w), w.request) })
		b.Run(w.name+"/sdk=official", func(b *testing.B) { run(b, newOfficial(b, w), w.request) })
	}
}

func run(b *testing.B, handle invoke, request []byte) {
	b.Helper()
	ctx := context.Background()
	var answer []byte
	var err error
	b.ReportAllocs()
	b.SetBytes(int64(len(request)))
	for b.Loop() {
		if answer, err = handle(ctx, answer[:0], request); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFreshAnswer is W2 with a new answer buffer each time, which is what
// an adapter pays that cannot use its buffers again.
func BenchmarkFreshAnswer(b *testing.B) {
	w := &workloads[1]
	handle := newOurs(w)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handle(ctx, nil, w.request); err != nil {
			b.Fatal(err)
		}
	}
}
