package app_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/engine/app"
)

const (
	turnTypes = 4 // function types of one endpoint
	turnSize  = 4 // its pool_size
	turnIDs   = 9 // addresses of each type
)

const turnModule = `
kind: io.statefun.endpoints.v2/http
spec:
  functions: example/*
  urlPathTemplate: %s/{function.name}
  transport:
    type: io.statefun.transports.v1/async
    call: 30s
    pool_size: %d
---
kind: io.statefun.playground.v1/ingress
spec: {port: 0}
`

// turns is an endpoint that keeps calls until as many are there as may be at
// once: turnSize of each type. The first call of a type is alone, and does not
// wait.
type turns struct {
	mu      sync.Mutex
	calls   map[string]int
	running map[string]int
	most    map[string]int
	waiting int           // calls that have waited
	left    int           // calls that are over
	full    chan struct{} // closed when all are there
	done    chan struct{} // closed when there was a call for each address
}

func newTurns() *turns {
	return &turns{
		calls: map[string]int{}, running: map[string]int{}, most: map[string]int{},
		full: make(chan struct{}), done: make(chan struct{}),
	}
}

// ServeHTTP implements http.Handler.
func (s *turns) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.enter(r.URL.Path) > 1 {
		<-s.full
	}
	s.leave(r.URL.Path)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write([]byte("\xa2\x06\x00")) // no effects
}

func (s *turns) enter(name string) (call int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[name]++
	s.running[name]++
	s.most[name] = max(s.most[name], s.running[name])
	if s.calls[name] > 1 {
		if s.waiting++; s.waiting == turnTypes*turnSize {
			close(s.full)
		}
	}
	return s.calls[name]
}

func (s *turns) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[name]--
	if s.left++; s.left == turnTypes*turnIDs {
		close(s.done)
	}
}

// TestTurns: pool_size limits the calls of each type, and those above it wait
// before their time begins. Types of one endpoint do not wait for each other.
func TestTurns(t *testing.T) {
	t.Parallel()
	s := newTurns()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	a, err := app.Open(&app.Options{Module: parse(t, fmt.Sprintf(turnModule, server.URL, turnSize)), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	want := map[string]int{}
	for i := range turnTypes {
		name := fmt.Sprint("/t", i)
		want[name] = turnIDs
		for id := range turnIDs {
			put(t, fmt.Sprint(a.IngressURLs()[0], "/example", name, "/", id))
		}
	}
	<-s.done
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !maps.Equal(s.calls, want) {
		t.Errorf("calls %v, want %v: one for each address", s.calls, want)
	}
	for name, n := range s.most {
		if n != turnSize {
			t.Errorf("at most %d calls of %s at once, want %d", n, name, turnSize)
		}
	}
}

// put sends one message.
func put(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/plain")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("PUT %s: status %d", url, resp.StatusCode)
	}
}
