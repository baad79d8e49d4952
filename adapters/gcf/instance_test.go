package statefungcf_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a running instance of a function.
type process struct {
	url   string
	ended <-chan struct{} // closed when the process is gone
	out   *output
}

// start runs program as the platform runs an instance: with a port, and with
// env on top of its own environment. The process is killed at the end of the test.
func start(t *testing.T, program, portVariable string, env ...string) *process {
	t.Helper()
	// Between our asking for a port and the program's, another may get it.
	for range 5 {
		if p := launch(t, program, portVariable, env); p != nil {
			return p
		}
	}
	t.Fatal("the instance got no port in five attempts")
	return nil
}

// launch returns nil if the port was taken.
func launch(t *testing.T, program, portVariable string, env []string) *process {
	t.Helper()
	port := freePort(t)
	ended, out := make(chan struct{}), &output{}
	cmd := exec.Command(program)
	cmd.Env = append(append(os.Environ(), "K_SERVICE=function", portVariable+"="+port), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	p := &process{url: "http://127.0.0.1:" + port, ended: ended, out: out}
	deadline := time.Now().Add(20 * time.Second)
	for !p.answers() {
		switch {
		case p.gone() && strings.Contains(out.String(), "address already in use"):
			return nil
		case p.gone() || time.Now().After(deadline):
			t.Fatalf("the instance does not serve:\n%s", out)
		}
	}
	return p
}

// fails runs a program that ends by itself with an error, and returns what it
// prints.
func fails(t *testing.T, program string, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		t.Fatalf("it ended with %v:\n%s", err, out)
	}
	return string(out)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// answers tells whether a probe of the container would succeed now, or within
// a moment.
func (p *process) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		select {
		case <-p.ended:
		case <-time.After(10 * time.Millisecond):
		}
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (p *process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// output collects what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// message is one request.
type message struct {
	method, path string
	header       map[string]string
	body         []byte
	chunked      bool
}

// post is what Flink sends.
func post(body []byte) message {
	return message{method: http.MethodPost, path: "/", header: map[string]string{"Content-Type": "application/octet-stream"}, body: body}
}

// result is all of an answer that a caller goes by.
type result struct {
	status      int
	contentType string
	allow       string
	body        []byte
}

// ask sends m and checks what is true of every answer.
func ask(t *testing.T, url string, m message) result {
	t.Helper()
	var body io.Reader = bytes.NewReader(m.body)
	if m.chunked {
		body = struct{ io.Reader }{body} // of a size that nobody knows
	}
	req, err := http.NewRequestWithContext(t.Context(), m.method, url+m.path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range m.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.ContentLength < 0 || res.TransferEncoding != nil || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("the answer %d is not of one piece: %v", res.StatusCode, res.Header)
	}
	if status := res.Header.Get("X-Google-Status"); status != "" {
		t.Errorf("the framework has answered %d: %s, %q", res.StatusCode, status, got)
	}
	for _, leak := range []string{"private", "panic", "Please"} {
		if res.StatusCode != http.StatusOK && bytes.Contains(got, []byte(leak)) {
			t.Errorf("the answer says %q", got)
		}
	}
	return result{res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Allow"), got}
}
