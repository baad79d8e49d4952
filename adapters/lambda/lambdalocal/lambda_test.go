package lambdalocal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// patience is how long a test waits for what should be there soon.
const patience = 20 * time.Second

// start starts a function in one of the modes of TestMain, until the test ends.
func start(t *testing.T, mode string, o lambdalocal.Options) *lambdalocal.Lambda {
	t.Helper()
	o.Bootstrap = self(t)
	o.Env = append(o.Env, modeVariable+"="+mode, "GORACE=atexit_sleep_ms=0") // an exit must not wait for the race detector
	l, err := lambdalocal.Start(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// invoke invokes a function with a command, directly.
func invoke(t *testing.T, l *lambdalocal.Lambda, command string) lambdalocal.Response {
	t.Helper()
	response, err := l.Invoke(t.Context(), payload(command))
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func payload(command string) []byte {
	data, err := json.Marshal(event{Body: command})
	if err != nil {
		panic(err)
	}
	return data
}

// text returns the body of a good response.
func text(t *testing.T, response lambdalocal.Response) string {
	t.Helper()
	var e event
	if err := json.Unmarshal(response.Payload, &e); err != nil || response.FunctionError != "" {
		t.Fatalf("%s %s: %v", response.FunctionError, response.Payload, err)
	}
	return string(e.bytes())
}

// send sends a request through the gateway.
func send(t *testing.T, l *lambdalocal.Lambda, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/octet-stream")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

// TestRoundTrip sends bodies of all bytes through every gateway and a real
// bootstrap.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	bodies := []string{"", "a", "\x00", "\xa2\x06", "\uFFFD\x06", `"\`, "<&>\u2028"}
	for n := range 40 {
		body := make([]byte, n*n)
		for i := range body {
			body[i] = byte(random.Uint32())
		}
		bodies = append(bodies, string(body))
	}
	for _, kind := range lambdalocal.Events() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			o := lambdalocal.Options{Event: kind}
			if kind == lambdalocal.REST {
				o.BinaryMediaTypes = []string{"*/*"}
			}
			server := httptest.NewServer(start(t, "echo", o))
			defer server.Close()
			for _, body := range bodies {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(r.Body)
				r.Body.Close()
				if r.StatusCode != http.StatusOK || string(got) != body || r.Header.Get("Content-Type") != "application/octet-stream" {
					t.Fatalf("%d %q, sent %q", r.StatusCode, got, body)
				}
			}
		})
	}
}

// TestFunctionFailures checks what becomes of a function that fails, and that
// the next request is answered.
func TestFunctionFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command string
		kind    string // errorType
		message string
		lives   bool // the process does
	}{
		{"error", "errorString", "as commanded", true},
		{"panic", "string", "as commanded", false},
		{"exit 3", "Runtime.ExitError", "Runtime exited with error: exit status 3", false},
		{"exit 0", "Runtime.ExitError", "Runtime exited without providing a reason", false},
		{"hang", "Sandbox.Timedout", "Task timed out after 5.00 seconds", false},
		{fmt.Sprint("large ", lambdalocal.MaxReply+1), "Function.ResponseSizeTooLarge", "6291556 bytes", false},
	} {
		t.Run(c.command, func(t *testing.T) {
			t.Parallel()
			l := start(t, "commands", lambdalocal.Options{Timeout: timeoutFor(c.command), Environments: 1})
			pid := text(t, invoke(t, l, "pid"))
			response := invoke(t, l, c.command)
			var failed struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(response.Payload, &failed); err != nil {
				t.Fatalf("%v: %.100q", err, response.Payload)
			}
			if response.FunctionError != "Unhandled" || failed.ErrorType != c.kind || !strings.Contains(failed.ErrorMessage, c.message) {
				t.Errorf("%s %+v, want %s %s", response.FunctionError, failed, c.kind, c.message)
			}
			if next := text(t, invoke(t, l, "pid")); (next == pid) != c.lives {
				t.Errorf("pid %s, then %s", pid, next)
			}
			if w := send(t, l, c.command); w.Code != http.StatusInternalServerError {
				t.Errorf("through the gateway: %d", w.Code)
			}
		})
	}
}

// timeoutFor is short only for a command that needs it: the others may run on
// a busy machine.
func timeoutFor(command string) time.Duration {
	if command == "hang" {
		return 5 * time.Second
	}
	return patience
}

// TestLargestReply checks that the limit itself is allowed.
func TestLargestReply(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{})
	if r := invoke(t, l, fmt.Sprint("large ", lambdalocal.MaxReply)); r.FunctionError != "" || len(r.Payload) != lambdalocal.MaxReply {
		t.Errorf("%s, %d bytes", r.FunctionError, len(r.Payload))
	}
	if _, err := l.Invoke(t.Context(), make([]byte, lambdalocal.MaxEvent+1)); !errors.Is(err, lambdalocal.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if w := send(t, l, strings.Repeat("x", 5_000_000)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("an event above the limit of Lambda: %d", w.Code)
	}
}

// TestInitFailures checks bootstraps that do not come up. They are tried again
// for each request, but not without end.
func TestInitFailures(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"exit at once":       "Runtime exited with error: exit status 3",
		"init error":         `{"errorType":"Config.Missing","errorMessage":"no table"}`,
		"init error as text": "no table",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var log buffer
			l := start(t, mode, lambdalocal.Options{Log: &log})
			for range 2 {
				if r := invoke(t, l, "x"); r.FunctionError == "" || !strings.Contains(string(r.Payload), want) {
					t.Errorf("%s %s", r.FunctionError, r.Payload)
				}
			}
			begun := time.Now()
			if w := send(t, l, "x"); w.Code != http.StatusInternalServerError {
				t.Errorf("%d", w.Code)
			}
			if paused := time.Since(begun); paused < 100*time.Millisecond {
				t.Errorf("the fifth failure in a row came at once, after %v", paused)
			}
			if mode == "exit at once" && strings.Count(log.String(), "no configuration\n") != 6 {
				t.Errorf("log:\n%s", log.String())
			}
		})
	}
}

// TestInitTimeout checks a bootstrap that starts and asks for nothing.
func TestInitTimeout(t *testing.T) {
	t.Parallel()
	var o lambdalocal.Options
	o.SetInitTimeout(100 * time.Millisecond)
	l := start(t, "never asks", o)
	if r := invoke(t, l, "x"); !strings.Contains(string(r.Payload), "did not ask for an invocation within 100ms") {
		t.Errorf("%s %s", r.FunctionError, r.Payload)
	}
}

// TestSlowStart checks that an environment whose first caller has left while it
// started serves the next one.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "go")
	var log buffer
	l := start(t, "slow start", lambdalocal.Options{Environments: 1, Env: []string{"FILE=" + file}, Log: &log})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := l.Invoke(ctx, payload("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	invoke(t, l, "print here")
	eventually(t, "the first environment says so", func() bool { return strings.Contains(log.String(), "[1] here\n") })
}

func TestNoProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := lambdalocal.Start(t.Context(), &lambdalocal.Options{Bootstrap: path})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 2 {
		if r := invoke(t, l, "x"); !strings.Contains(string(r.Payload), "Runtime.InvalidEntrypoint") {
			t.Errorf("%s", r.Payload)
		}
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Timeout: 7 * time.Second, Memory: 256, Env: []string{"TABLE=orders", "LANG=C"}})
	before := time.Now()
	r := invoke(t, l, "context")
	lines := strings.Split(text(t, r), "\n")
	if lines[0] != r.RequestID || len(r.RequestID) != 36 {
		t.Errorf("request id %q, %q", lines[0], r.RequestID)
	}
	if !strings.HasPrefix(lines[1], "arn:aws:lambda:us-east-1:123456789012:function:") {
		t.Errorf("ARN %q", lines[1])
	}
	if !strings.HasPrefix(lines[2], "Root=1-") || !strings.Contains(lines[2], ";Parent=") || !strings.HasSuffix(lines[2], ";Sampled=0") {
		t.Errorf("trace %q", lines[2])
	}
	deadline, _ := strconv.ParseInt(lines[3], 10, 64)
	if left := time.UnixMilli(deadline).Sub(before); left < 6900*time.Millisecond || left > 7*time.Second+patience {
		t.Errorf("deadline in %v", left)
	}
	for name, want := range map[string]string{
		"TABLE": "orders", "LANG": "C", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": "us-east-1",
		"_HANDLER": "bootstrap", "HOME": "", "AWS_LAMBDA_MAX_CONCURRENCY": "", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
	} {
		if got := text(t, invoke(t, l, "env "+name)); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
}

// TestTrace checks that the trace of the caller goes through.
func TestTrace(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{})
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("context"))
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestProtocol(t *testing.T) {
	t.Parallel()
	var log buffer
	l := start(t, "protocol", lambdalocal.Options{Log: &log, Environments: 1})
	got := text(t, invoke(t, l, "x"))
	for i, want := range []string{"400 {\"errorMessage\":\"Invalid request ID\"", "400 ", "403 ", "400 ", "404 ", "403 "} {
		if line := strings.Split(got, "\n")[i]; !strings.HasPrefix(line, want) {
			t.Errorf("%d: %q, want %q", i, line, want)
		}
	}
	if r := invoke(t, l, "trailer"); r.FunctionError == "" || string(r.Payload) != `{"errorType":"Half","errorMessage":"way"}` {
		t.Errorf("%s %s", r.FunctionError, r.Payload)
	}
	if r := invoke(t, l, "text"); r.FunctionError == "" || string(r.Payload) != `{"errorType":"Runtime.Unknown","errorMessage":"broken"}` {
		t.Errorf("%s %s", r.FunctionError, r.Payload)
	}
	if r := invoke(t, l, "extension"); !strings.Contains(string(r.Payload), "Extension.Crash") {
		t.Errorf("%s %s", r.FunctionError, r.Payload)
	}
	eventually(t, "a second response is refused", func() bool { return strings.Contains(log.String(), "[1] twice: 400 ") })
}

func TestLog(t *testing.T) {
	t.Parallel()
	var log buffer
	l := start(t, "commands", lambdalocal.Options{Log: &log, Environments: 1})
	invoke(t, l, "print one line\nand another")
	invoke(t, l, "exit 0")
	invoke(t, l, "print "+strings.Repeat("x", 100_000))
	l.Close()
	for _, want := range []string{"[1] one line\n[1] and another\n", "[2] xxx", "x\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %.40q:\n%.1000s", want, log.String())
		}
	}
	if n := strings.Count(log.String(), "x"); n != 100_000 {
		t.Errorf("%d of 100000 bytes of a long line", n)
	}
}

// TestInvokeAPI checks the operation that SDKs of AWS call.
func TestInvokeAPI(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Event: lambdalocal.Direct, Environments: 1})
	const path = "/2015-03-31/functions/function/invocations"
	for _, c := range []struct {
		body          string
		status        int
		functionError string
		want          string
	}{
		{string(payload("raw \"\xa2\x06")), 200, "", ""},
		{string(payload(`raw {"a":1}`)), 200, "", `{"a":1}`},
		{string(payload("error")), 200, "Unhandled", `"errorMessage":"as commanded"`},
		{"{", 400, "", "Could not parse request body into json"},
		{strings.Repeat(" ", lambdalocal.MaxEvent+1), 413, "", ""},
		{"", 200, "", "statusCode"},
	} {
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(c.body)))
		if w.Code != c.status || w.Header().Get("X-Amz-Function-Error") != c.functionError || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%.40q: %d %q %s", c.body, w.Code, w.Header().Get("X-Amz-Function-Error"), w.Body)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	here := self(t)
	for _, c := range []struct {
		opts *lambdalocal.Options
		want string
	}{
		{nil, "no Bootstrap"},
		{&lambdalocal.Options{Bootstrap: filepath.Join(t.TempDir(), "none")}, "no such file"},
		{&lambdalocal.Options{Bootstrap: t.TempDir()}, "not a file"},
		{&lambdalocal.Options{Bootstrap: here, Event: "sqs"}, `Event is "sqs": use one of [http-api rest`},
		{&lambdalocal.Options{Bootstrap: here, BinaryMediaTypes: []string{"*/*"}}, `option BinaryMediaTypes are a setting of "rest" alone`},
		{&lambdalocal.Options{Bootstrap: here, Event: lambdalocal.REST, BinaryMediaTypes: []string{"png"}}, `"png" is not a media type`},
		{&lambdalocal.Options{Bootstrap: here, Event: lambdalocal.ALB, Stage: "v1"}, "Stage is a setting of an API"},
		{&lambdalocal.Options{Bootstrap: here, Stage: "/v1"}, "without slashes"},
		{&lambdalocal.Options{Bootstrap: here, Timeout: -1}, "Timeout is -1ns"},
		{&lambdalocal.Options{Bootstrap: here, Timeout: time.Hour}, "at most 15m"},
		{&lambdalocal.Options{Bootstrap: here, GatewayTimeout: -1}, "GatewayTimeout is -1ns"},
		{&lambdalocal.Options{Bootstrap: here, Environments: -1}, "must not be negative"},
		{&lambdalocal.Options{Bootstrap: here, Freeze: true, Concurrency: 2}, "Freeze does not go with"},
		{&lambdalocal.Options{Bootstrap: here, Env: []string{"A"}}, `"A" is not NAME=value`},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			if l, err := lambdalocal.Start(t.Context(), c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v, want %q", l, err, c.want)
			}
		})
	}
	_, err := lambdalocal.Start(t.Context(), &lambdalocal.Options{Event: "sqs", Timeout: -1, Stage: "/"})
	for _, want := range []string{"Bootstrap", "Event", "Timeout", "Stage"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !holds() {
		if ctx.Err() != nil {
			t.Fatal("still not: " + what)
		}
		runtime.Gosched()
	}
}
