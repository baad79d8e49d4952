package statefunhttp_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/statefun"
)

// testServer is a server under test.
type testServer struct {
	addr net.Addr
	l    net.Listener
	stop context.CancelFunc // begins the drain
	done <-chan error       // receives what ServeListener returned
}

// start serves all behaviours on a TCP port, and drains at the end of the test.
func start(t *testing.T, b behaviours, opts *statefunhttp.ServerOptions) *testServer {
	t.Helper()
	return startOn(t, listen(t, "127.0.0.1:0"), register(b.functions()), opts)
}

// listen returns a listener that is closed at the latest with the test.
func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := statefunhttp.Listen(t.Context(), addr, statefunhttp.DefaultSocketMode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func startOn(t *testing.T, l net.Listener, h *statefun.Handler, opts *statefunhttp.ServerOptions) *testServer {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		done <- statefunhttp.ServeListener(ctx, l, h, opts)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return &testServer{addr: l.Addr(), l: l, stop: stop, done: done}
}

// dial connects to the server.
func (s *testServer) dial(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial(s.addr.Network(), s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-tick.C
	}
}

// logBuffer collects log records.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestServeToldToEndBeforeItBegins(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, addr := range []string{"localhost:0", "unix:" + filepath.Join(t.TempDir(), "s.sock")} {
		if err := statefunhttp.Serve(ctx, addr, register(behaviours{}.functions()), nil); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
