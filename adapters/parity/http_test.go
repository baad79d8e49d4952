package parity_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// openTCP serves on a TCP port.
func openTCP(t *testing.T, s setup) ask {
	t.Helper()
	l := serve(t, "127.0.0.1:0", s)
	return over(newClient(t, nil), "http://"+l.Addr().String())
}

// openUnix serves on a unix socket.
func openUnix(t *testing.T, s setup) ask {
	t.Helper()
	l := serve(t, "unix:"+filepath.Join(t.TempDir(), "s"), s)
	return over(newClient(t, func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
	}), "http://unix")
}

// serve serves the functions until the test ends.
func serve(t *testing.T, addr string, s setup) net.Listener {
	t.Helper()
	l, err := statefunhttp.Listen(t.Context(), addr, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	options := &statefunhttp.ServerOptions{Options: statefunhttp.Options{CallTimeout: s.timeout, Logger: quiet()}, DrainTimeout: patience}
	if s.timeout == hurry {
		options.DrainTimeout = time.Millisecond // a stuck function is cut off
	}
	go func() { ended <- statefunhttp.ServeListener(ctx, l, newHandler(), options) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && s.timeout != hurry {
			t.Error(err)
		}
	})
	return l
}

// newClient returns a client that has its connections for itself.
func newClient(t *testing.T, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext:           dial,
		DisableCompression:    true,
		MaxIdleConnsPerHost:   64,
		ExpectContinueTimeout: patience,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
