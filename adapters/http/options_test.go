package statefunhttp_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

func TestBadOptionsAreReportedTogether(t *testing.T) {
	t.Parallel()
	bad := &statefunhttp.Options{MaxRequestBytes: -1, MaxAnswerBytes: -2, MaxInFlight: -3, CallTimeout: -time.Second, Secrets: []string{"short"}}
	_, err := statefunhttp.NewHandler(register(behaviours{}.functions()), bad)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"MaxRequestBytes is -1", "MaxAnswerBytes is -2", "MaxInFlight is -3", "CallTimeout is -1s", "secrets without a place", "secret 0 has 5 bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestBadServerOptionsAreReportedTogether(t *testing.T) {
	t.Parallel()
	bad := &statefunhttp.ServerOptions{
		HeaderTimeout: -1, ReadTimeout: -1, WriteTimeout: -1, IdleTimeout: -1, DrainTimeout: -1,
		SocketMode: fs.ModeDir, Options: statefunhttp.Options{MaxInFlight: -3},
	}
	path := filepath.Join(t.TempDir(), "s.sock")
	served := statefunhttp.Serve(t.Context(), "unix:"+path, register(behaviours{}.functions()), bad)
	listened := statefunhttp.ServeListener(t.Context(), listen(t, "127.0.0.1:0"), register(behaviours{}.functions()), bad)
	for _, err := range []error{served, listened} {
		if err == nil {
			t.Fatal("no error")
		}
		for _, want := range []string{"HeaderTimeout", "ReadTimeout", "WriteTimeout", "IdleTimeout", "DrainTimeout", "SocketMode is d---------", "MaxInFlight"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("a socket was made for a server that cannot be")
	}
}

func TestBadTLSOptions(t *testing.T) {
	t.Parallel()
	for _, files := range []statefunhttp.TLS{{}, {CertFile: "a"}, {KeyFile: "a"}, {CertFile: "/no/such", KeyFile: "/no/such"}} {
		err := statefunhttp.Serve(t.Context(), "127.0.0.1:0", register(behaviours{}.functions()), &statefunhttp.ServerOptions{TLS: &files})
		if err == nil || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%+v: %v", files, err)
		}
	}
}

func TestNoHandlerIsAnError(t *testing.T) {
	t.Parallel()
	if h, err := statefunhttp.NewHandler(nil, nil); h != nil || err == nil || !strings.Contains(err.Error(), "no handler") {
		t.Errorf("%v, %v", h, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Handler did not panic")
		}
	}()
	statefunhttp.Handler(nil, nil)
}

// A handler works behind writers that know no deadlines, and in a mux.
func TestHandlerInAMux(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/functions", statefunhttp.Handler(register(behaviours{}.functions()), nil))
	for path, status := range map[string]int{"/functions": 200, "/elsewhere": 404} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(call("echo", "x"))))
		mux.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", path, w.Code, status)
		}
	}
}

// The limit of a middleware is a limit too.
func TestMaxBytesMiddleware(t *testing.T) {
	t.Parallel()
	h := http.MaxBytesHandler(statefunhttp.Handler(register(behaviours{}.functions()), nil), 5)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(call("echo", "hello")))))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", w.Code)
	}
}

// What a function's error says is for the log.
func TestFailuresAreLogged(t *testing.T) {
	t.Parallel()
	for function, want := range map[string][]string{
		"fail":   {"level=ERROR", "private text", "function=test/fail", "index=0", "code=failed", "status=500"},
		"panic":  {"level=ERROR", "private text", "function=test/panic", "code=panicked", "functions_test.go"},
		"goexit": {"level=ERROR", "code=panicked", "runtime.Goexit"},
		"nobody": {"level=WARN", "function=test/nobody", "status=503"},
	} {
		var log logBuffer
		h := statefunhttp.Handler(register(behaviours{}.functions()), &statefunhttp.Options{Logger: log.logger()})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(call(function, "hello")))))
		if strings.Contains(w.Body.String(), "private") {
			t.Errorf("%s: the answer is %q", function, w.Body)
		}
		if strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: want one record:\n%s", function, log.String())
		}
		for _, text := range want {
			if !strings.Contains(log.String(), text) {
				t.Errorf("%s: the log lacks %q:\n%s", function, text, log.String())
			}
		}
	}
}
