package statefungcf_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// startTarget runs one of this package's functions behind the framework.
func startTarget(t *testing.T, target string, env ...string) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, program, portVariable, append(env, "FUNCTION_TARGET="+target)...)
}

// TestFramework asks for everything twice: behind the framework, and of
// statefunhttp. The answers are the same, and the instance outlives them all.
func TestFramework(t *testing.T) {
	t.Parallel()
	p := startTarget(t, plainTarget)
	plain := httptest.NewServer(statefunhttp.Handler(register(behaviours()), nil))
	t.Cleanup(plain.Close)

	octets := map[string]string{"Content-Type": "application/octet-stream"}
	with := func(name, value string) map[string]string {
		return map[string]string{"Content-Type": "application/octet-stream", name: value}
	}
	t.Run("requests", func(t *testing.T) {
		t.Parallel()
		for _, tt := range []struct {
			name    string
			message message
			status  int
		}{
			{"message", post(call("echo", "hello")), 200},
			{"all bytes", post(call("echo", allBytes())), 200},
			{"a megabyte", post(call("echo", strings.Repeat("x", 1<<20))), 200},
			{"chunked", message{method: "POST", path: "/", header: octets, body: call("echo", "hello"), chunked: true}, 200},
			{"missing state", post(call("state", "")), 200},
			{"a function's path", message{method: "POST", path: "/test/echo?x=%zz", header: octets, body: call("echo", "")}, 200},
			{"a path that the framework's main means to keep", message{method: "POST", path: "/robots.txt", header: octets, body: call("echo", "")}, 200},
			{"no type", message{method: "POST", path: "/", body: call("echo", "")}, 200},
			{"type with a parameter", message{method: "POST", path: "/", header: with("Content-Type", "Application/Octet-Stream; charset=x"), body: call("echo", "")}, 200},
			{"health", message{method: "GET", path: "/healthz"}, 200},
			{"head of health", message{method: "HEAD", path: "/healthz"}, 200},
			{"function fails", post(call("fail", "")), 500},
			{"function panics", post(call("panic", "")), 500},
			{"function panics with ErrAbortHandler", post(call("abort", "")), 500},
			{"function ends its goroutine", post(call("goexit", "")), 500},
			{"unknown function", post(call("nobody", "")), 503},
			{"no body", post(nil), 400},
			{"no protobuf", post([]byte("\xff\xff\xff")), 400},
			{"cut off", post(call("echo", "hello")[:12]), 400},
			{"GET", message{method: "GET", path: "/"}, 405},
			{"PUT", message{method: "PUT", path: "/", header: octets, body: call("echo", "")}, 405},
			{"PUT of health", message{method: "PUT", path: "/healthz"}, 405},
			{"text", message{method: "POST", path: "/", header: with("Content-Type", "text/plain"), body: call("echo", "")}, 415},
			{"gzip", message{method: "POST", path: "/", header: with("Content-Encoding", "gzip"), body: call("echo", "")}, 415},
			{"answer over the limit", post(call("large", strings.Repeat("x", 32))), 413},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				got, want := ask(t, p.url, tt.message), ask(t, plain.URL, tt.message)
				if got.status != tt.status {
					t.Errorf("status %d, want %d: %q", got.status, tt.status, got.body)
				}
				if got.status != want.status || got.contentType != want.contentType || got.allow != want.allow || !bytes.Equal(got.body, want.body) {
					t.Errorf("%d %s %q, over plain HTTP %d %s %q", got.status, got.contentType, got.body, want.status, want.contentType, want.body)
				}
			})
		}
	})
	t.Cleanup(func() {
		if p.gone() {
			t.Errorf("the instance is gone:\n%s", p.out)
		}
	})
}

// allBytes is a value that is no text.
func allBytes() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// The largest request is the platform's, not the plain server's.
func TestLargestRequest(t *testing.T) {
	t.Parallel()
	p := startTarget(t, plainTarget)
	overhead := len(call("fail", strings.Repeat("x", statefungcf.MaxBytes-100))) - (statefungcf.MaxBytes - 100)
	largest := call("fail", strings.Repeat("x", statefungcf.MaxBytes-overhead))
	if len(largest) != statefungcf.MaxBytes {
		t.Fatalf("the request has %d bytes", len(largest))
	}
	if got := ask(t, p.url, post(largest)); got.status != 500 {
		t.Errorf("status %d at the limit, want that of the function, 500", got.status)
	}
	over := post(append(largest, 0))
	over.chunked = true
	if got := ask(t, p.url, over); got.status != 413 {
		t.Errorf("status %d over the limit, want 413", got.status)
	}
	over.chunked = false
	over.header["Expect"] = "100-continue" // else the answer meets the body
	if got := ask(t, p.url, over); got.status != 413 {
		t.Errorf("status %d over the limit, want 413", got.status)
	}
}

// What the platform allows ends a call. That it ends in time to say so is
// shown by TestEnd and TestSlowBody, in virtual time.
func TestPlatformTimeout(t *testing.T) {
	t.Parallel()
	p := startTarget(t, plainTarget, statefungcf.TimeoutVariable+"=6")
	for _, function := range []string{"waiting", "stuck"} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			got := ask(t, p.url, post(call(function, "")))
			if elapsed := time.Since(begin); got.status != 503 || string(got.body) != "deadline exceeded\n" || elapsed < time.Second || elapsed > 30*time.Second {
				t.Errorf("after %v: %d %q", elapsed, got.status, got.body)
			}
			if got := ask(t, p.url, post(call("echo", "x"))); !bytes.Equal(got.body, sent([]byte("x"))) {
				t.Errorf("afterwards: %d %q", got.status, got.body)
			}
		})
	}
}

// A variable that is no number shows when the instance starts.
func TestBadPlatformTimeout(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := fails(t, program, portVariable+"=0", "FUNCTION_TARGET="+plainTarget, statefungcf.TimeoutVariable+"=soon")
	if !strings.Contains(out, `statefungcf: options: CLOUD_RUN_TIMEOUT_SECONDS is "soon"`) {
		t.Errorf("the instance says:\n%s", out)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	p := startTarget(t, secretTarget)
	for path, want := range map[string]int{
		"/":                  403,
		"/?key=wrong":        403,
		"/?key=" + secret:    200,
		"/a/b?key=" + secret: 200,
	} {
		m := post(call("echo", ""))
		m.path = path
		if got := ask(t, p.url, m); got.status != want {
			t.Errorf("%s: status %d, want %d", path, got.status, want)
		}
	}
}

// A panic outside of functions has the answer of a function's, not the
// framework's, and leaves the instance alive.
func TestBrokenLogger(t *testing.T) {
	t.Parallel()
	p := startTarget(t, brokenTarget)
	for _, m := range []message{post(call("fail", "")), post(nil), {method: "GET", path: "/"}} {
		got := ask(t, p.url, m)
		if got.status != http.StatusInternalServerError || string(got.body) != "function failed\n" || got.contentType != "text/plain; charset=utf-8" {
			t.Errorf("%d %s %q", got.status, got.contentType, got.body)
		}
	}
	if got := ask(t, p.url, post(call("echo", ""))); got.status != 200 {
		t.Errorf("afterwards: %d %q", got.status, got.body)
	}
}
