package endpoint_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

// crowdSize is how many calls [crowd] wants at once, and crowdPool the pool_size
// of their endpoint.
const (
	crowdSize = 250
	crowdPool = 10
)

// crowd is a function that answers the first call at once, and the others when
// so many of them are there.
type crowd struct {
	mu    sync.Mutex
	calls int
	all   chan struct{}
}

func newCrowd() *crowd { return &crowd{all: make(chan struct{})} }

// ServeHTTP implements http.Handler.
func (c *crowd) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if c.enter() > 1 {
		<-c.all
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write([]byte(empty))
}

func (c *crowd) enter() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls++; c.calls == 1+crowdSize {
		close(c.all)
	}
	return c.calls
}

// TestNoCallWaitsForAConnection: the time of a call is the function's. Calls of
// several types, each with as many as its pool_size, are all at their function
// at the same time, whatever carries them.
func TestNoCallWaitsForAConnection(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*testing.T, http.Handler) module.Endpoint{
		"async":       func(t *testing.T, h http.Handler) module.Endpoint { return plain(t, h, module.Async) },
		"okhttp":      func(t *testing.T, h http.Handler) module.Endpoint { return plain(t, h, module.OkHTTP) },
		"HTTP/2":      http2,
		"unix socket": unixSocket,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := serve(t, newCrowd())
			e.Transport.PoolSize = crowdPool
			e.Transport.Call, e.Transport.Connect = time.Minute, time.Minute
			if e.Transport.Kind == module.OkHTTP {
				e.Transport.Read, e.Transport.Write = time.Minute, time.Minute
			}
			c := newClient(t, e)
			if _, err := c.Call(t.Context(), greeter, []byte("x")); err != nil {
				t.Fatal(err)
			}
			var calls sync.WaitGroup
			for i := range crowdSize {
				calls.Go(func() {
					fn := engine.TypeName{Namespace: "lab", Name: itoa(i / crowdPool)}
					if _, err := c.Call(t.Context(), fn, []byte("x")); err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
		})
	}
}

func plain(t *testing.T, h http.Handler, kind module.TransportKind) module.Endpoint {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return spec(kind, s.URL)
}

// http2 allows fewer calls on a connection than there are: 100, which RFC 9113
// wants to be the least. Below that net/http has to try again with calls that it
// sent before it knew of the limit.
func http2(t *testing.T, h http.Handler) module.Endpoint {
	t.Helper()
	a := newAuthority(t)
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server", "localhost")}, MinVersion: tls.VersionTLS12}
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that turn out not to be needed
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	e := spec(module.OkHTTP, strings.Replace(s.URL, "127.0.0.1", "localhost", 1))
	e.Transport.TrustCACerts = a.file("ca.pem")
	return e
}

func unixSocket(t *testing.T, h http.Handler) module.Endpoint {
	t.Helper()
	l, dir := listenUnix(t)
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return spec(module.OkHTTP, "http+unix://"+dir+"/a.sock")
}
