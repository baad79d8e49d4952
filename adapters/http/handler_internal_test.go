package statefunhttp

import (
	"bufio"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// emptyHandler answers nothing, which means: no effects.
type emptyHandler struct{}

func (emptyHandler) Append(_ context.Context, dst, _ []byte) ([]byte, error) { return dst, nil }

// An empty result is a result: Flink takes it for one only where the content
// type says so, and our engine only where the length does.
func TestEmptyResult(t *testing.T) {
	t.Parallel()
	s, err := newServer(emptyHandler{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), "127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(raw), "\r\n")
	if lines[0] != "HTTP/1.0 200 OK" && lines[0] != "HTTP/1.1 200 OK" || !strings.HasSuffix(string(raw), "\r\n\r\n") {
		t.Errorf("%q is no empty result", raw)
	}
	for _, want := range []string{"Content-Length: 0", "Content-Type: application/octet-stream"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q lacks %q", raw, want)
		}
	}
	conn.Close()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The defaults are the same in every adapter.
func TestDefaults(t *testing.T) {
	t.Parallel()
	if DefaultMaxRequestBytes != reply.DefaultMaxRequestBytes || DefaultMaxAnswerBytes != reply.DefaultMaxAnswerBytes {
		t.Error("the limits are not those of package reply")
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate(2)
	for i, want := range []reply.Outcome{reply.Done, reply.Done, reply.Overloaded, reply.Overloaded} {
		if got := g.enter(); got != want {
			t.Errorf("request %d: outcome %d, want %d", i, got, want)
		}
	}
	g.leave()
	if got := g.enter(); got != reply.Done {
		t.Errorf("after one left: outcome %d", got)
	}
	idle := g.drain()
	if got := g.enter(); got != reply.Draining {
		t.Errorf("while draining: outcome %d", got)
	}
	for range 2 {
		select {
		case <-idle:
			t.Error("idle while a request runs")
		default:
		}
		g.leave()
	}
	<-idle
	if running, draining := g.state(); running != 0 || !draining {
		t.Errorf("%d running, draining: %t", running, draining)
	}
}

// However many requests are refused, one record a second says so.
func TestOverloadIsReportedOnceASecond(t *testing.T) {
	t.Parallel()
	g, now := newGate(0), time.Now()
	for step, want := range []int{1, 0, 0, 3} {
		g.enter()
		at := now.Add(time.Duration(step) * 400 * time.Millisecond)
		if got := g.overload(at); got != want {
			t.Errorf("step %d: %d refused, want %d", step, got, want)
		}
	}
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	const limit = 5 << 20
	for _, size := range []int{0, 1, 511, 4096, 4097, believed - 1, believed, believed + 1, 3*believed + 5, limit} {
		want := strings.Repeat("x", size)
		for name, declared := range map[string]int64{"declared": int64(size), "unknown": -1} {
			for _, reader := range []io.Reader{strings.NewReader(want), iotest.DataErrReader(bufio.NewReader(strings.NewReader(want)))} {
				got, err := readBody(reader, declared, limit)
				if err != nil || string(got) != want {
					t.Errorf("%d bytes, %s: %d bytes, %v", size, name, len(got), err)
				}
				if spare := cap(got) - len(got); spare > len(got)/16 {
					t.Errorf("%d bytes, %s: %d bytes to spare", size, name, spare)
				}
			}
		}
	}
}

func TestUnreadableBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		body   io.Reader
		size   int64
		limit  int64
		expect reply.Outcome
	}{
		{"too short", strings.NewReader("abc"), 4, 10, reply.Incomplete},
		{"nothing", strings.NewReader(""), 4, 10, reply.Incomplete},
		{"unknown and too long", strings.NewReader("abcde"), -1, 4, reply.RequestTooLarge},
		{"too slow", iotest.ErrReader(os.ErrDeadlineExceeded), 4, 10, reply.Incomplete},
		{"too slow and unknown", iotest.ErrReader(os.ErrDeadlineExceeded), -1, 10, reply.Incomplete},
		{"lost", iotest.ErrReader(&net.OpError{Op: "read", Err: io.ErrClosedPipe}), 4, 10, reply.Incomplete},
		{"lost and unknown", iotest.ErrReader(&net.OpError{Op: "read", Err: io.ErrClosedPipe}), -1, 10, reply.Incomplete},
		{"limited elsewhere", iotest.ErrReader(&http.MaxBytesError{Limit: 3}), 4, 10, reply.RequestTooLarge},
		{"broken", iotest.ErrReader(iotest.ErrTimeout), -1, 10, reply.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readBody(tt.body, tt.size, tt.limit)
			if err == nil {
				t.Fatal("no error")
			}
			if got := unreadable(err); got != tt.expect {
				t.Errorf("%v is outcome %d, want %d", err, got, tt.expect)
			}
		})
	}
}

// The largest number is a limit like any other.
func TestNoLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{9_999, 10_000, math.MaxInt64 - 1, math.MaxInt64} {
		body, err := readUnknown(strings.NewReader(strings.Repeat("x", 10_000)), limit)
		if (err == nil) != (limit >= 10_000) || err == nil && len(body) != 10_000 {
			t.Errorf("limit %d: %d bytes, %v", limit, len(body), err)
		}
	}
}
