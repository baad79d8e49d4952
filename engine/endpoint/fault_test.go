package endpoint_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/endpoint"
	"github.com/statefun-go/statefun-go/engine/module"
)

// empty is the answer without effects: an InvocationResponse of no bytes.
const empty = "\xa2\x06\x00"

var greeter = engine.TypeName{Namespace: "lab", Name: "a"}

// faults is a server that answers with raw bytes, to say what no HTTP library
// would.
type faults struct {
	net.Listener
	conns    atomic.Int64
	requests atomic.Int64
}

// newFaults starts a server that hands each request to answer, which writes
// what it likes. The connection goes on while answer returns true.
func newFaults(t *testing.T, answer func(net.Conn, *http.Request) bool) *faults {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faults{Listener: l}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() { stop(); l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.conns.Add(1)
			context.AfterFunc(ctx, func() { conn.Close() })
			go f.serve(conn, answer)
		}
	}()
	return f
}

func (f *faults) serve(conn net.Conn, answer func(net.Conn, *http.Request) bool) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		f.requests.Add(1)
		if !answer(conn, req) {
			return
		}
	}
}

func (f *faults) url() string { return "http://" + f.Addr().String() + "/{function.name}" }

// says is an answer function that writes text.
func says(text string, keep bool) func(net.Conn, *http.Request) bool {
	return func(conn net.Conn, _ *http.Request) bool {
		_, err := io.WriteString(conn, text)
		return err == nil && keep
	}
}

// ok is a good answer with the given body.
func ok(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
		itoa(len(body)) + "\r\n\r\n" + body
}

// spec is an endpoint with short limits.
func spec(kind module.TransportKind, url string) module.Endpoint {
	e := module.Endpoint{
		Functions: module.Pattern{Namespace: "lab"}, URLPathTemplate: url,
		Transport: module.Transport{
			Kind: kind, Call: 10 * time.Second, Connect: 5 * time.Second,
			PoolSize: 16, PoolTTL: 15 * time.Second, PayloadMaxBytes: 32 << 20,
		},
		Position: module.Position{File: "module.yaml", Line: 3, Column: 3},
	}
	if kind == module.OkHTTP {
		e.Transport.Read, e.Transport.Write = 5*time.Second, 5*time.Second
	}
	return e
}

func newClient(t testing.TB, e module.Endpoint) *endpoint.Client {
	t.Helper()
	c, err := endpoint.New(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// wantFailure checks the class of a failure and that its text holds each want.
func wantFailure(t *testing.T, err error, kind engine.Kind, want ...string) {
	t.Helper()
	failure, is := errors.AsType[*engine.CallError](err)
	if !is {
		t.Fatalf("error %v is no *engine.CallError", err)
	}
	if failure.Kind != kind {
		t.Errorf("kind %d, want %d (%v)", failure.Kind, kind, err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}
