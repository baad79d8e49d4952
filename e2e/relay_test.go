package e2e_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay stands between a runtime and its functions, and does some requests harm.
type relay struct {
	mu     sync.Mutex
	to     []string // base URLs of the functions, which take turns
	turn   int
	harm   harm
	left   int // how many requests are still to be harmed
	number int // of requests since harm was set
	no     int // how many requests the functions refused
}

// harm is what happens to a request instead of an answer. forward calls the
// function; harm that does not call it happens before.
type harm func(w http.ResponseWriter, r *http.Request, forward func() ([]byte, error))

// between puts a relay before functions; its URL is for the module file.
func between(t *testing.T, functions string) (*relay, string) {
	t.Helper()
	r := &relay{}
	r.redirect(functions)
	server := httptest.NewServer(r)
	t.Cleanup(server.CloseClientConnections) // what hangs must not keep Close waiting
	t.Cleanup(server.Close)
	return r, server.URL + "/{function.name}"
}

// redirect sends requests to other functions from now on, in turns.
func (p *relay) redirect(functions ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = nil
	for _, url := range functions {
		p.to = append(p.to, strings.TrimSuffix(url, "/{function.name}"))
	}
}

func (p *relay) base() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	return p.to[p.turn%len(p.to)]
}

// set harms times requests from now on: the first, and then every other one.
func (p *relay) set(h harm, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.harm, p.left, p.number = h, times, 0
}

// refused returns how many requests the functions have refused.
func (p *relay) refused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.no
}

// calls returns how many requests have come since harm was set.
func (p *relay) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.number
}

// undone returns how many requests are still to be harmed.
func (p *relay) undone() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

func (p *relay) next() harm {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	if p.left == 0 || p.number%2 == 0 {
		return nil
	}
	p.left--
	return p.harm
}

func (p *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	forward := func() ([]byte, error) { return p.forward(r) }
	if harm := p.next(); harm != nil {
		harm(w, r, forward)
		return
	}
	body, err := forward()
	if refused, ok := errors.AsType[refusal](err); ok {
		http.Error(w, refused.Error(), int(refused))
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	give(w, body)
}

// give answers well.
func give(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body)
}

// forward sends a request on and returns the answer, which must be a good one.
func (p *relay) forward(r *http.Request) ([]byte, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, p.base()+r.URL.Path, r.Body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	req.ContentLength = r.ContentLength
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		p.mu.Lock()
		p.no++
		p.mu.Unlock()
		err = refusal(resp.StatusCode)
	}
	return body, err
}

// refusal is the status of functions that did not answer well.
type refusal int

func (r refusal) Error() string { return "the functions answer " + http.StatusText(int(r)) }

// status answers with a status, without the function.
func status(code int) harm {
	return func(w http.ResponseWriter, _ *http.Request, _ func() ([]byte, error)) {
		http.Error(w, http.StatusText(code), code)
	}
}

// typed answers well, but for the type of its content.
func typed(contentType string) harm {
	return func(w http.ResponseWriter, _ *http.Request, forward func() ([]byte, error)) {
		body, err := forward()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	}
}

// padded answers well, with an unknown field of some bytes more.
func padded(more uint) harm {
	return func(w http.ResponseWriter, _ *http.Request, forward func() ([]byte, error)) {
		body, err := forward()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		body = binary.AppendUvarint(append(body, 1<<3|2), uint64(more)) // field 1, of bytes
		give(w, append(body, make([]byte, more)...))
	}
}

// hang does not answer until the caller has gone or a time has passed.
func hang(d time.Duration) harm {
	return func(w http.ResponseWriter, r *http.Request, forward func() ([]byte, error)) {
		if _, err := forward(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
		case <-time.After(d):
		}
		panic(http.ErrAbortHandler)
	}
}

// cut lets the function run and ends the connection after some bytes of its
// answer's body; fewer than none count from the end. It says how long the body
// is, or sends it in chunks.
func cut(at int, chunked, reset bool) harm {
	return func(w http.ResponseWriter, _ *http.Request, forward func() ([]byte, error)) {
		body, err := forward()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		n := at
		if n < 0 {
			n += len(body)
		}
		n = max(0, min(n, len(body)-1))
		io.WriteString(out, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n")
		if chunked {
			fmt.Fprint(out, "Transfer-Encoding: chunked\r\n\r\n")
			if n > 0 {
				fmt.Fprintf(out, "%x\r\n%s\r\n", n, body[:n])
			}
		} else {
			fmt.Fprintf(out, "Content-Length: %d\r\n\r\n%s", len(body), body[:n])
		}
		out.Flush()
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			tcp.SetLinger(0) // the peer sees a reset, not an end
		}
	}
}
