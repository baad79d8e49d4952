package endpoint_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

var itoa = strconv.Itoa

const (
	retry = engine.KindRetry
	fatal = engine.KindFatal
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	retried := map[int]bool{301: true, 302: true, 303: true, 408: true, 409: true, 420: true, 429: true, 499: true}
	statuses := []int{300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 418, 420, 422, 429, 499, 500, 501, 502, 503, 504, 599}
	f := newFaults(t, func(conn net.Conn, req *http.Request) bool {
		_, err := fmt.Fprintf(conn, "HTTP/1.1 %s Odd\r\nContent-Length: 6\r\n\r\nbecaus", strings.TrimPrefix(req.URL.Path, "/s"))
		return err == nil
	})
	async, okhttp := newClient(t, spec(module.Async, f.url())), newClient(t, spec(module.OkHTTP, f.url()))
	for _, status := range statuses {
		fn := engine.TypeName{Namespace: "lab", Name: "s" + itoa(status)}
		want := fatal
		if status >= 500 || retried[status] {
			want = retry
		}
		text := []string{"lab/s" + itoa(status), "status " + itoa(status), f.Addr().String(), "becaus"}
		_, err := async.Call(t.Context(), fn, []byte("x"))
		wantFailure(t, err, retry, text...)
		_, err = okhttp.Call(t.Context(), fn, []byte("x"))
		wantFailure(t, err, want, text...)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		req  *http.Request
		body string
	}
	got := make(chan seen, 2)
	f := newFaults(t, func(conn net.Conn, req *http.Request) bool {
		body, _ := io.ReadAll(req.Body)
		got <- seen{req, string(body)}
		return says(ok(empty), true)(conn, req)
	})
	for _, kind := range []module.TransportKind{module.Async, module.OkHTTP} {
		c := newClient(t, spec(kind, f.url()))
		answer, err := c.Call(t.Context(), greeter, []byte("hello"))
		if err != nil || string(answer) != empty {
			t.Fatalf("answer %q, %v", answer, err)
		}
		s := <-got
		if s.req.Method != http.MethodPost || s.req.URL.Path != "/a" || s.body != "hello" || s.req.ContentLength != 5 {
			t.Errorf("request %s %s %q, length %d", s.req.Method, s.req.URL, s.body, s.req.ContentLength)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/octet-stream", "Accept": "application/octet-stream", "Accept-Encoding": "gzip",
		} {
			if h := s.req.Header.Get(name); h != want {
				t.Errorf("header %s is %q, want %q", name, h, want)
			}
		}
		if _, sent := s.req.Header["Idempotency-Key"]; sent || len(s.req.TransferEncoding) > 0 {
			t.Errorf("header %v, encoding %v", s.req.Header, s.req.TransferEncoding)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const octets = "Content-Type: application/octet-stream\r\n"
	head := func(lines string) string { return "HTTP/1.1 200 OK\r\n" + lines + "\r\n" }
	typed := func(ct string) string { return head("Content-Type: "+ct+"\r\nContent-Length: 3\r\n") + empty }
	const good, no engine.Kind = -1, -1
	for name, row := range map[string]struct {
		answer        string
		async, okhttp engine.Kind
		want          string // the body, or a part of the error
	}{
		"plain":                     {ok(empty), good, good, empty},
		"201":                       {"HTTP/1.1 201 Created\r\n" + octets + "Content-Length: 3\r\n\r\n" + empty, good, good, empty},
		"no content but a type":     {"HTTP/1.1 204 No Content\r\n" + octets + "\r\n", good, good, ""},
		"no content":                {"HTTP/1.1 204 No Content\r\n\r\n", retry, fatal, "content type"},
		"zero bytes":                {ok(""), good, good, ""},
		"zero bytes, no type":       {head("Content-Length: 0\r\n"), retry, fatal, "content type"},
		"upper case":                {typed("Application/Octet-Stream"), good, fatal, "content type"},
		"charset":                   {typed("application/octet-stream; charset=utf-8"), retry, fatal, "content type"},
		"list of types":             {typed("text/plain, application/octet-stream"), good, fatal, "content type"},
		"text":                      {typed("text/plain"), retry, fatal, "content type"},
		"no type":                   {head("Content-Length: 3\r\n") + empty, retry, fatal, "content type"},
		"unknown fields":            {ok("\x0a\x01x"), good, good, "\x0a\x01x"},
		"no protobuf":               {ok("what is it"), good, good, "what is it"},
		"chunked":                   {head(octets+"Transfer-Encoding: chunked\r\n") + "1\r\n\xa2\r\n2\r\n\x06\x00\r\n0\r\n\r\n", good, good, empty},
		"chunked and empty":         {head(octets+"Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", retry, retry, "before its first byte"},
		"chunked, cut at once":      {head(octets + "Transfer-Encoding: chunked\r\n"), retry, retry, "broke off after 0 bytes"},
		"chunked, cut later":        {head(octets+"Transfer-Encoding: chunked\r\n") + "3\r\n\xa2\x06", retry, retry, "broke off"},
		"chunked, no last chunk":    {head(octets+"Transfer-Encoding: chunked\r\n") + "3\r\n" + empty + "\r\n", retry, retry, "broke off after 3 bytes"},
		"too short":                 {head(octets+"Content-Length: 9\r\n") + empty, retry, retry, "broke off after 3 bytes"},
		"too short by all":          {head(octets + "Content-Length: 3\r\n"), retry, retry, "broke off after 0 bytes"},
		"until closed":              {head(octets+"Connection: close\r\n") + empty, good, good, empty},
		"until closed, empty":       {head(octets + "Connection: close\r\n"), retry, retry, "before its first byte"},
		"half a header":             {"HTTP/1.1 200 OK\r\nContent-Ty", retry, retry, ""},
		"no HTTP":                   {"220 mail.example ESMTP\r\n", retry, retry, "malformed"},
		"nothing":                   {"", retry, retry, "EOF"},
		"huge header":               {head(octets + "X: " + strings.Repeat("x", 1<<20) + "\r\n"), retry, retry, "header"},
		"gzip":                      {head(octets+"Content-Encoding: gzip\r\nContent-Length: "+itoa(len(zip(empty)))+"\r\n") + zip(empty), good, good, empty},
		"gzip of nothing":           {head(octets+"Content-Encoding: gzip\r\nContent-Length: "+itoa(len(zip("")))+"\r\n") + zip(""), good, good, ""},
		"gzip, zero bytes":          {head(octets + "Content-Encoding: gzip\r\nContent-Length: 0\r\n"), good, good, ""},
		"gzip, chunked, cut":        {head(octets + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), retry, retry, "gzip"},
		"gzip, chunked and empty":   {head(octets+"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", retry, retry, "gzip"},
		"gzip, cut":                 {head(octets+"Content-Encoding: gzip\r\nConnection: close\r\n") + zip(empty)[:14], retry, retry, "broke off"},
		"gzip that is none":         {head(octets+"Content-Encoding: gzip\r\nContent-Length: 3\r\n") + empty, retry, retry, "gzip"},
		"brotli":                    {head(octets+"Content-Encoding: br\r\nContent-Length: 3\r\n") + empty, retry, retry, "br"},
		"redirect":                  {"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", retry, retry, "/other"},
		"redirect that keeps POST":  {"HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", retry, fatal, "redirects are not followed"},
		"status 500, body cut":      {"HTTP/1.1 500 No\r\nContent-Length: 90\r\n\r\nbroken", retry, retry, "status 500: broken"},
		"status 500, terminal code": {"HTTP/1.1 500 No\r\nContent-Length: 8\r\n\r\n\x1b[2Jhm\nx", retry, retry, "status 500: [2Jhm"},
		"continue first":            {"HTTP/1.1 100 Continue\r\n\r\n" + ok(empty), good, good, empty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFaults(t, says(row.answer, false))
			for kind, want := range map[module.TransportKind]engine.Kind{module.Async: row.async, module.OkHTTP: row.okhttp} {
				answer, err := newClient(t, spec(kind, f.url())).Call(t.Context(), greeter, []byte("x"))
				switch {
				case want != no:
					wantFailure(t, err, want)
					if row.async == want || kind == module.OkHTTP {
						wantFailure(t, err, want, row.want)
					}
				case err != nil:
					t.Errorf("%v: %v", kind, err)
				case row.okhttp == good && string(answer) != row.want:
					t.Errorf("%v: answer %q, want %q", kind, answer, row.want)
				}
			}
			if n := f.requests.Load(); n != 2 {
				t.Errorf("%d requests for two attempts", n)
			}
		})
	}
}

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	// A FromFunction that is one unknown field of the given size.
	large := func(n int) string {
		return "\x0a" + string([]byte{byte(n&0x7f | 0x80), byte(n>>7&0x7f | 0x80), byte(n >> 14)}) + strings.Repeat("y", n)
	}
	const octets = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
	fits, over := large(100_000-4), large(100_000-3)
	for name, row := range map[string]struct {
		answer string
		fits   bool
	}{
		"at the limit":          {ok(fits), true},
		"at the limit, chunked": {octets + "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + fits + "\r\n0\r\n\r\n", true},
		"over":                  {ok(over), false},
		"over by far":           {octets + "Content-Length: 999999999999\r\n\r\n", false},
		"over, chunked":         {octets + "Transfer-Encoding: chunked\r\n\r\n186a1\r\n" + over + "\r\n0\r\n\r\n", false},
		"a bomb":                {octets + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + zip(strings.Repeat("\x00", 10<<20)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFaults(t, says(row.answer, false))
			e := spec(module.Async, f.url())
			e.Transport.PayloadMaxBytes = 100_000
			answer, err := newClient(t, e).Call(t.Context(), greeter, []byte("x"))
			if row.fits {
				if err != nil || string(answer) != fits {
					t.Errorf("%d bytes, %v", len(answer), err)
				}
				return
			}
			wantFailure(t, err, retry, "payload_max_bytes", "100000")
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFaults(t, func(conn net.Conn, _ *http.Request) bool {
		cancel()
		io.Copy(io.Discard, conn)
		return false
	})
	_, err := newClient(t, spec(module.Async, f.url())).Call(ctx, greeter, []byte("x"))
	wantFailure(t, err, retry)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not wrap context.Canceled", err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"at once": "", "in the header": "HTTP/1.1 200 OK\r\nConte", "in the body": ok(empty)[:len(ok(empty))-1],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFaults(t, func(conn net.Conn, _ *http.Request) bool {
				io.WriteString(conn, before)
				if tcp, is := conn.(*net.TCPConn); is {
					tcp.SetLinger(0) // close sends a reset
				}
				return false
			})
			for _, kind := range []module.TransportKind{module.Async, module.OkHTTP} {
				_, err := newClient(t, spec(kind, f.url())).Call(t.Context(), greeter, []byte("x"))
				wantFailure(t, err, retry)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	f := newFaults(t, says("", false))
	url := f.url()
	f.Close()
	for _, kind := range []module.TransportKind{module.Async, module.OkHTTP} {
		_, err := newClient(t, spec(kind, url)).Call(t.Context(), greeter, []byte("x"))
		wantFailure(t, err, retry, "connection refused", "lab/a")
	}
}

// TestRequestIsLent: an answer may come before the request is read; from then
// on the bytes are the caller's again. The race detector watches.
func TestRequestIsLent(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				one := make([]byte, 1)
				conn.Read(one)
				io.WriteString(conn, "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	c := newClient(t, spec(module.Async, "http://"+l.Addr().String()))
	request := make([]byte, 4<<20)
	for range 5 {
		_, err := c.Call(t.Context(), greeter, request)
		wantFailure(t, err, retry)
		clear(request)
	}
}
