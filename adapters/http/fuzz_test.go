package statefunhttp_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// FuzzRawRequests sends bytes to a server and closes the sending side.
//
// Whatever they are, the server lives on, and what it writes is a sequence of
// complete answers: ours with a Content-Length, or one of net/http's own for
// what is no HTTP, which ends with the connection and is never a success.
func FuzzRawRequests(f *testing.F) {
	for _, tt := range exchanges {
		if len(tt.body) < 1000 {
			f.Add(request(orElse(tt.method, "POST"), orElse(tt.target, "/"), orElse(tt.lines, octets), tt.body))
		}
	}
	f.Add(append(post(call("echo", "one")), post(call("echo", "two"))...))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"))

	addr := fuzzServer(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.HasPrefix(raw, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
			return // frames, not text
		}
		got, err := throw(addr, raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkAnswers(got); err != nil {
			t.Fatalf("%v in\n%q", err, got)
		}
	})
}

// fuzzServer serves functions that end by themselves, or with the connection.
func fuzzServer(f *testing.F) string {
	f.Helper()
	path := filepath.Join(f.TempDir(), "s.sock")
	l, err := statefunhttp.Listen(f.Context(), "unix:"+path, 0o600)
	if err != nil {
		f.Fatal(err)
	}
	b := behaviours{release: make(chan struct{})}
	close(b.release)
	ctx, done := f.Context(), make(chan error, 1)
	go func() {
		done <- statefunhttp.ServeListener(ctx, l, register(b.functions()), nil)
	}()
	f.Cleanup(func() { // ctx has ended by then
		if err := <-done; err != nil {
			f.Error(err)
		}
	})
	return path
}

// throw sends raw on a new connection and returns all that comes back.
func throw(path string, raw []byte) ([]byte, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write(raw); err == nil {
		if unix, ok := conn.(*net.UnixConn); ok {
			unix.CloseWrite()
		}
	}
	got, err := io.ReadAll(conn)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return nil, fmt.Errorf("no end of the answer: %w", err)
	}
	return got, nil // a reset after the server had enough is no harm
}

// checkAnswers reads raw as answers.
func checkAnswers(raw []byte) error {
	raw = bytes.ReplaceAll(raw, []byte("HTTP/1.1 100 Continue\r\n\r\n"), nil)
	r := bufio.NewReader(bytes.NewReader(raw))
	for {
		rest, _ := r.Peek(r.Size())
		if len(rest) == 0 {
			return nil
		}
		if foreign(rest) {
			return nil
		}
		_, err := readAnswer(r, false)
		if err != nil && !answersHEAD(rest) {
			return err
		}
	}
}

// foreign tells whether b begins with an answer that net/http gives itself.
func foreign(b []byte) bool {
	head, _, _ := strings.Cut(string(b), "\r\n\r\n")
	return !strings.Contains(head, "Content-Length") && strings.Contains(head, "Connection: close") && !strings.HasPrefix(head, "HTTP/1.1 2")
}

// answersHEAD tells whether b may be the answer to a HEAD: only a header.
func answersHEAD(b []byte) bool {
	_, body, complete := strings.Cut(string(b), "\r\n\r\n")
	return complete && body == ""
}
