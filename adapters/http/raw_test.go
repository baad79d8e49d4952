package statefunhttp_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// exchanges are requests and what they are answered, byte for byte. They are
// played over HTTP/1.1, HTTP/1.0, HTTP/2 and a unix socket.
var exchanges = []struct {
	name   string
	method string // POST by default
	target string // / by default
	lines  string // header lines; octets by default
	body   []byte
	opts   statefunhttp.Options
	status int
	text   string // body of an error
	result []byte // body of a result
}{
	{name: "result", body: call("echo", "hello"), status: 200, result: sent([]byte("hello"))},
	{name: "result without effects", body: call("state", "x"), status: 200, result: wanted()},
	{name: "every byte value", body: call("echo", everyByte()), status: 200, result: sent([]byte(everyByte()))},
	{name: "as large as a buffer", body: call("echo", strings.Repeat("x", 2048)), status: 200, result: sent(bytes.Repeat([]byte("x"), 2048))},
	{name: "5 MiB", body: call("large", "12345"), status: 200, result: sent(large(5))},
	{name: "2 MiB up", body: call("echo", strings.Repeat("x", 2<<20)), status: 200, result: sent(bytes.Repeat([]byte("x"), 2<<20))},
	{name: "chunked request", lines: octets + "Transfer-Encoding: chunked\r\n", body: call("echo", "hello"), status: 200, result: sent([]byte("hello"))},
	{name: "chunked and large", lines: octets + "Transfer-Encoding: chunked\r\n", body: call("echo", strings.Repeat("x", 2<<20)), status: 200, result: sent(bytes.Repeat([]byte("x"), 2<<20))},
	{name: "client that takes gzip", lines: octets + "Accept-Encoding: gzip,deflate\r\n", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},

	{name: "path of a unix socket", target: "/%2Fserve%2Fpath", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "path that a mux cleans", target: "//a/../b//", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "post to the health path", target: "/healthz", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "query", target: "/a?b=c%zz&d;e", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "no content type", lines: "X-Other: y\r\n", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "type with parameter", lines: "Content-Type: application/octet-stream; charset=x\r\n", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "type in other case", lines: "Content-Type: Application/Octet-Stream\r\n", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},
	{name: "identity", lines: octets + "Content-Encoding: identity\r\n", body: call("echo", "a"), status: 200, result: sent([]byte("a"))},

	{name: "error", body: call("fail", "a"), status: 500, text: "function failed\n"},
	{name: "panic", body: call("panic", "a"), status: 500, text: "function failed\n"},
	{name: "Goexit", body: call("goexit", "a"), status: 500, text: "function failed\n"},
	{name: "unknown function", body: call("nobody", "a"), status: 503, text: "unknown function\n"},
	{name: "deadline", body: call("waiting", "a"), opts: statefunhttp.Options{CallTimeout: time.Millisecond}, status: 503, text: "deadline exceeded\n"},
	{name: "deadline of a function that does not look", body: call("stuck", "a"), opts: statefunhttp.Options{CallTimeout: time.Millisecond}, status: 503, text: "deadline exceeded\n"},

	{name: "empty", status: 400, text: "empty request body\n"},
	{name: "empty and chunked", lines: octets + "Transfer-Encoding: chunked\r\n", status: 400, text: "empty request body\n"},
	{name: "garbage", body: []byte("garbage"), status: 400, text: "malformed request\n"},
	{name: "truncated", body: call("echo", "hello")[:20], status: 400, text: "malformed request\n"},
	{name: "JSON", lines: "Content-Type: application/json\r\n", body: []byte("{}"), status: 415, text: "unsupported content type: use application/octet-stream\n"},
	{name: "two types", lines: octets + "Content-Type: text/plain\r\n", body: call("echo", "a"), status: 415, text: "unsupported content type: use application/octet-stream\n"},
	{name: "gzip", lines: octets + "Content-Encoding: gzip\r\n", body: []byte("\x1f\x8b\x08"), status: 415, text: "unsupported content encoding: use identity\n"},
	{name: "identity and gzip", lines: octets + "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", body: []byte("x"), status: 415, text: "unsupported content encoding: use identity\n"},

	{name: "GET", method: "GET", status: 405, text: "method not allowed: use POST\n"},
	{name: "HEAD", method: "HEAD", status: 405},
	{name: "PUT", method: "PUT", body: call("echo", "a"), status: 405, text: "method not allowed: use POST\n"},
	{name: "OPTIONS", method: "OPTIONS", status: 405, text: "method not allowed: use POST\n"},
	{name: "own method", method: "BREW", status: 405, text: "method not allowed: use POST\n"},
	{name: "health", method: "GET", target: "/healthz", status: 200, text: "ok\n"},
	{name: "health with a query", method: "GET", target: "/healthz?a=b", status: 200, text: "ok\n"},
	{name: "health by HEAD", method: "HEAD", target: "/healthz", status: 200},
	{name: "put to the health path", method: "PUT", target: "/healthz", status: 405, text: "method not allowed: use POST\n"},
	{name: "no health path", method: "GET", target: "/%2Fhealthz", status: 405, text: "method not allowed: use POST\n"},

	{name: "request at the limit", body: call("echo", "hello"), opts: limits(len(call("echo", "hello")), 0), status: 200, result: sent([]byte("hello"))},
	{name: "request over the limit", body: call("echo", "hello"), opts: limits(len(call("echo", "hello"))-1, 0), status: 413, text: "request too large\n"},
	{name: "chunked at the limit", lines: octets + "Transfer-Encoding: chunked\r\n", body: call("echo", "hello"), opts: limits(len(call("echo", "hello")), 0), status: 200, result: sent([]byte("hello"))},
	{name: "chunked over the limit", lines: octets + "Transfer-Encoding: chunked\r\n", body: call("echo", "hello"), opts: limits(len(call("echo", "hello"))-1, 0), status: 413, text: "request too large\n"},
	{name: "answer at the limit", body: call("echo", "hello"), opts: limits(0, len(sent([]byte("hello")))), status: 200, result: sent([]byte("hello"))},
	{name: "answer over the limit", body: call("echo", "hello"), opts: limits(0, len(sent([]byte("hello")))-1), status: 413, text: "answer too large\n"},

	{name: "no secret", body: call("echo", "a"), opts: secret, status: 403, text: "forbidden\n"},
	{name: "wrong secret", lines: octets + "X-Key: 0123456789abcdeF\r\n", body: call("echo", "a"), opts: secret, status: 403, text: "forbidden\n"},
	{name: "secret in the header", lines: octets + "X-Key: 0123456789abcdef\r\n", body: call("echo", "a"), opts: secret, status: 200, result: sent([]byte("a"))},
	{name: "secret in the query", target: "/?a=b&k%65y=0123456789%61bcdef&c", body: call("echo", "a"), opts: secret, status: 200, result: sent([]byte("a"))},
	{name: "secret in the second of two", target: "/?key=x&key=0123456789abcdef", body: call("echo", "a"), opts: secret, status: 403, text: "forbidden\n"},
	{name: "secret that does not parse", target: "/?key=%zz", body: call("echo", "a"), opts: secret, status: 403, text: "forbidden\n"},
	{name: "health without secret", method: "GET", target: "/healthz", opts: secret, status: 200, text: "ok\n"},
}

var secret = statefunhttp.Options{SecretHeader: "X-Key", SecretQuery: "key", Secrets: []string{"0123456789abcdef"}}

func limits(request, answer int) statefunhttp.Options {
	return statefunhttp.Options{MaxRequestBytes: int64(request), MaxAnswerBytes: int64(answer)}
}

func everyByte() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}

// want returns the body and the content type of the answer.
func want(text string, result []byte) (body []byte, contentType string) {
	if result != nil {
		return result, "application/octet-stream"
	}
	return []byte(text), "text/plain; charset=utf-8"
}

func orElse(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}

func TestRawAnswers(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		for _, tt := range exchanges {
			t.Run(network+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				c := serveBehaviours(t, network, &statefunhttp.ServerOptions{Options: tt.opts}).dial(t)
				method := orElse(tt.method, "POST")
				raw := request(method, orElse(tt.target, "/"), orElse(tt.lines, octets), tt.body)
				a := c.ask(raw)
				checkRaw(t, a, tt.status, method, tt.text, tt.result)
				if network == "unix" {
					if a.header.Get("Connection") != "close" {
						t.Errorf("Connection is %q over a unix socket, want close", a.header.Get("Connection"))
					}
					c.closed()
					return
				}
				if a.header.Get("Connection") == "close" {
					return // net/http gave up on the rest of the request
				}
				// A byte too many or too few would show in the next answer.
				if next := c.ask(request("GET", "/healthz", "", nil)); next.status != 200 || string(next.body) != "ok\n" {
					t.Errorf("the next answer on the connection is %+v", next)
				}
			})
		}
	}
}

// serveBehaviours serves on TCP or on a unix socket.
func serveBehaviours(t *testing.T, network string, opts *statefunhttp.ServerOptions) *testServer {
	t.Helper()
	b := newBehaviours()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = "unix:" + filepath.Join(t.TempDir(), "s.sock")
	}
	s := startOn(t, listen(t, addr), register(b.functions()), opts)
	t.Cleanup(func() { close(b.release) }) // before the drain
	return s
}

func checkRaw(t *testing.T, a rawAnswer, status int, method, text string, result []byte) {
	t.Helper()
	body, contentType := want(text, result)
	if a.status != status || a.header.Get("Content-Type") != contentType || a.proto != "HTTP/1.1" {
		t.Errorf("%s %d %s, want %d %s", a.proto, a.status, a.header.Get("Content-Type"), status, contentType)
	}
	if method != "HEAD" && !bytes.Equal(a.body, body) {
		t.Errorf("body %.100q (%d bytes), want %.100q (%d bytes)", a.body, len(a.body), body, len(body))
	}
	if allow := a.header.Get("Allow"); (status == 405) != (allow == "POST") {
		t.Errorf("status %d with Allow %q", status, allow)
	}
}

func TestRawAnswersToHTTP10(t *testing.T) {
	t.Parallel()
	s := serveBehaviours(t, "tcp", nil)
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
		want   []byte
	}{
		{"result", call("echo", "hello"), 200, sent([]byte("hello"))},
		{"5 MiB", call("large", "12345"), 200, sent(large(5))},
		{"error", call("fail", "a"), 500, []byte("function failed\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			a := c.ask(bytes.Replace(post(tt.body), []byte("HTTP/1.1"), []byte("HTTP/1.0"), 1))
			if a.status != tt.status || !bytes.Equal(a.body, tt.want) {
				t.Errorf("%d %.100q, want %d", a.status, a.body, tt.status)
			}
			c.closed()
		})
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := serveBehaviours(t, "tcp", nil)
	c := s.dial(t)
	body := call("echo", "hello")
	raw := request("POST", "/", octets+"Expect: 100-continue\r\n", body)
	c.send(raw[:len(raw)-len(body)])
	interim := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c.reader, interim); err != nil || string(interim) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Fatalf("%q, %v", interim, err)
	}
	if a := c.ask(body); a.status != 200 || !bytes.Equal(a.body, sent([]byte("hello"))) {
		t.Errorf("%+v", a)
	}
}

func TestRefusedBeforeTheBody(t *testing.T) {
	t.Parallel()
	c := serveBehaviours(t, "tcp", nil).dial(t)
	// No byte of the body is ever sent, and none is waited for.
	a := c.ask([]byte("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"))
	if a.status != 415 {
		t.Errorf("status %d, want 415", a.status)
	}
}

// TestHTTP2Answers plays the exchanges over h2c. The frames are net/http's: what
// is ours is that the length is declared and that nothing follows the body.
func TestHTTP2Answers(t *testing.T) {
	t.Parallel()
	for _, tt := range exchanges {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serveBehaviours(t, "tcp", &statefunhttp.ServerOptions{Options: tt.opts})
			checkHTTP2(t, tt.status, tt.text, tt.result, h2Request(t, s.addr, tt.method, tt.target, tt.lines, tt.body))
		})
	}
}

// h2Request makes the same request as function request.
func h2Request(t *testing.T, addr net.Addr, method, target, lines string, body []byte) *http.Request {
	t.Helper()
	var content io.Reader
	if len(body) > 0 {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), orElse(method, "POST"), "http://"+addr.String(), content)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(orElse(target, "/"), "?")
	r.URL.Opaque, r.URL.RawQuery = "//"+addr.String()+path, query
	for line := range strings.SplitSeq(strings.TrimSuffix(orElse(lines, octets), "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Transfer-Encoding" {
			r.ContentLength = -1
			continue
		}
		r.Header.Add(name, value)
	}
	return r
}

func checkHTTP2(t *testing.T, status int, text string, result []byte, r *http.Request) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DisableCompression: true}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, contentType := want(text, result)
	if answer.ProtoMajor != 2 || answer.StatusCode != status || answer.Header.Get("Content-Type") != contentType {
		t.Errorf("%s %s %s, want %d %s", answer.Proto, answer.Status, answer.Header.Get("Content-Type"), status, contentType)
	}
	if r.Method != http.MethodHead && (!bytes.Equal(got, body) || answer.ContentLength != int64(len(body))) {
		t.Errorf("body %.100q, declared as %d bytes, want %.100q (%d bytes)", got, answer.ContentLength, body, len(body))
	}
	if answer.ContentLength < 0 || len(answer.Trailer) > 0 || len(answer.TransferEncoding) > 0 || answer.Uncompressed {
		t.Errorf("length %d, trailer %v, encoding %v", answer.ContentLength, answer.Trailer, answer.TransferEncoding)
	}
}
