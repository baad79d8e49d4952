package statefunhttp_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// one lets one request in: a request that hung would show as 503.
func one() *statefunhttp.ServerOptions {
	return &statefunhttp.ServerOptions{Options: statefunhttp.Options{MaxInFlight: 1}}
}

// works polls until a request is served: the place of the one before is free.
func (s *testServer) works(t *testing.T) {
	t.Helper()
	eventually(t, "a request is served", func() bool {
		c := s.dial(t)
		defer c.Close()
		return c.ask(post(call("echo", "hello"))).status == 200
	})
}

func TestClientGoesAwayDuringTheCall(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, one())
	c := s.dial(t)
	c.send(post(call("waiting", "x"))) // ends only with its context
	<-b.entered
	c.Close()
	s.works(t)
}

func TestClientGoesAwayDuringAStuckCall(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, one())
	c := s.dial(t)
	c.send(post(call("stuck", "x")))
	<-b.entered
	c.Close()
	other := s.dial(t)
	// The call still runs and holds its memory, so its place stays taken.
	if a := other.ask(post(call("echo", "hello"))); a.status != 503 || string(a.body) != "too many requests at once\n" {
		t.Errorf("%d %q, want 503", a.status, a.body)
	}
	close(b.release)
	s.works(t)
}

func TestClientGoesAwayDuringTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, newBehaviours(), one())
	for _, lines := range []string{octets, octets + "Transfer-Encoding: chunked\r\n"} {
		c := s.dial(t)
		raw := request("POST", "/", lines, call("echo", strings.Repeat("x", 5000)))
		c.send(raw[:1000])
		c.Close()
		s.works(t)
	}
}

func TestClientGoesAwayDuringTheAnswer(t *testing.T) {
	t.Parallel()
	var log logBuffer
	opts := one()
	opts.Logger = log.logger()
	s := start(t, newBehaviours(), opts)
	c := s.dial(t)
	c.send(post(call("large", strings.Repeat("x", 20))))
	if _, err := io.ReadFull(c.reader, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.works(t)
	if !strings.Contains(log.String(), "answer not delivered") {
		t.Errorf("the log does not say so:\n%s", log.String())
	}
}

func TestClientGoesAwayOverHTTP2(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, one())
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()

	during := h2Request(t, s.addr, "POST", "/", "", call("large", strings.Repeat("x", 20)))
	answer, err := transport.RoundTrip(during)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close() // resets the stream
	s.works(t)
}

// A client that accepts nothing holds its place for WriteTimeout, not longer.
func TestSlowReaderOverHTTP2(t *testing.T) {
	t.Parallel()
	opts := one()
	opts.WriteTimeout = 3 * time.Second
	s := start(t, newBehaviours(), opts)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(h2Request(t, s.addr, "POST", "/", "", call("large", strings.Repeat("x", 20))))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	s.works(t)
	if n, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Errorf("the answer ended well after %d bytes of %d", n, answer.ContentLength)
	}
}

// A client that has closed its sending side may still read. net/http cannot
// tell it from one that is gone, so a call that looks at its context ends; but
// whatever is answered is complete.
func TestHalfClosedAfterTheRequest(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, nil)
	for _, tt := range []struct {
		function string
		statuses string
		bodies   [][]byte
	}{
		{"waiting", "503", [][]byte{[]byte("deadline exceeded\n")}},
		{"echo", "200 503", [][]byte{sent([]byte("x")), []byte("deadline exceeded\n")}},
	} {
		t.Run(tt.function, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			c.send(post(call(tt.function, "x")))
			closeWrite(t, c)
			a := c.answer(false)
			found := false
			for _, body := range tt.bodies {
				found = found || bytes.Equal(a.body, body)
			}
			if !found {
				t.Errorf("%d %q, want %s", a.status, a.body, tt.statuses)
			}
			c.closed()
		})
	}
}

func TestHalfClosedWithinTheRequest(t *testing.T) {
	t.Parallel()
	s := start(t, newBehaviours(), nil)
	for _, lines := range []string{octets, octets + "Transfer-Encoding: chunked\r\n"} {
		c := s.dial(t)
		raw := request("POST", "/", lines, call("echo", strings.Repeat("x", 1000)))
		c.send(raw[:len(raw)-20])
		closeWrite(t, c)
		if a := c.answer(false); a.status != 503 || string(a.body) != "request body incomplete\n" {
			t.Errorf("%d %q, want 503", a.status, a.body)
		}
		c.closed()
	}
}

func TestHalfClosedWithinTheHeader(t *testing.T) {
	t.Parallel()
	c := start(t, newBehaviours(), nil).dial(t)
	c.send([]byte("POST / HTTP/1.1\r\nHost:"))
	closeWrite(t, c)
	rest, err := io.ReadAll(c.reader)
	if err != nil || strings.HasPrefix(string(rest), "HTTP/1.1 200") {
		t.Errorf("%q, %v", rest, err)
	}
}

func closeWrite(t *testing.T, c *client) {
	t.Helper()
	conn, ok := c.Conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("a %T cannot be closed by half", c.Conn)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenChunks(t *testing.T) {
	t.Parallel()
	c := start(t, newBehaviours(), nil).dial(t)
	a := c.ask([]byte("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))
	if a.status != 400 || string(a.body) != "malformed request\n" {
		t.Errorf("%d %q, want 400", a.status, a.body)
	}
}

// A length that is only claimed costs nothing.
func TestHugeContentLength(t *testing.T) {
	t.Parallel()
	opts := &statefunhttp.ServerOptions{Options: statefunhttp.Options{MaxRequestBytes: 1 << 50}, ReadTimeout: 10 * time.Second}
	s := start(t, newBehaviours(), opts)
	for _, tt := range []struct {
		size   string
		status int
		body   string
	}{
		{"1000000000000000", 503, "request body incomplete\n"}, // 1 PB, within the limit
		{"9000000000000000", 413, "request too large\n"},
	} {
		c := s.dial(t)
		c.send([]byte("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + tt.size + "\r\n\r\nabc"))
		closeWrite(t, c)
		if a := c.answer(false); a.status != tt.status || string(a.body) != tt.body {
			t.Errorf("%s bytes: %d %q, want %d", tt.size, a.status, a.body, tt.status)
		}
	}
}

func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	var log logBuffer
	b := newBehaviours()
	opts := &statefunhttp.ServerOptions{Options: statefunhttp.Options{MaxInFlight: 2, Logger: log.logger()}}
	s := start(t, b, opts)
	running := []*client{s.dial(t), s.dial(t)}
	for _, c := range running {
		c.send(post(call("slow", "x")))
		<-b.entered
	}
	third := s.dial(t)
	for range 3 {
		if a := third.ask(post(call("echo", "hello"))); a.status != 503 || string(a.body) != "too many requests at once\n" {
			t.Errorf("%d %q, want 503", a.status, a.body)
		}
	}
	if a := third.ask(request("GET", "/healthz", "", nil)); a.status != 200 {
		t.Errorf("health is %d under load, want 200", a.status)
	}
	close(b.release)
	for _, c := range running {
		if a := c.answer(false); a.status != 200 || !bytes.Equal(a.body, nothing()) {
			t.Errorf("%d %q, want 200", a.status, a.body)
		}
	}
	s.works(t)
	if !strings.Contains(log.String(), "too many requests at once") || !strings.Contains(log.String(), "max_in_flight=2") {
		t.Errorf("the log does not say that it was too much:\n%s", log.String())
	}
}

func TestAbandonedCallsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	opts := one()
	opts.CallTimeout = 3 * time.Second // a call that begins after it holds no place
	s := start(t, b, opts)
	c := s.dial(t)
	c.send(post(call("stuck", "x")))
	<-b.entered
	if a := c.answer(false); string(a.body) != "deadline exceeded\n" {
		t.Errorf("%d %q, want 503", a.status, a.body)
	}
	if a := c.ask(post(call("echo", "x"))); string(a.body) != "too many requests at once\n" {
		t.Errorf("%d %q, want 503", a.status, a.body)
	}
	close(b.release)
	s.works(t)
}
