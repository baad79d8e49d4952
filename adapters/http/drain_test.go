package statefunhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// draining polls until the server says that it drains.
func (s *testServer) draining(t *testing.T) {
	t.Helper()
	eventually(t, "health says 503", func() bool {
		c := s.dial(t)
		defer c.Close()
		a := c.ask(request("GET", "/healthz", "", nil))
		return a.status == 503 && string(a.body) == "shutting down\n"
	})
}

// gone fails unless nobody listens any more. The port may be another test's by
// now, so it does not dial.
func (s *testServer) gone(t *testing.T) {
	t.Helper()
	if conn, err := s.l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v, %v", conn, err)
	}
}

func TestDrainLetsTheRunningFinish(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, nil)
	running, kept := s.dial(t), s.dial(t)
	running.send(post(call("slow", "x")))
	<-b.entered
	if a := kept.ask(post(call("echo", "x"))); a.status != 200 {
		t.Fatalf("status %d", a.status)
	}
	s.stop()
	s.draining(t)
	for name, c := range map[string]*client{"kept": kept, "new": s.dial(t)} {
		a := c.ask(post(call("echo", "x")))
		if a.status != 503 || string(a.body) != "shutting down\n" || a.header.Get("Connection") != "close" {
			t.Errorf("%s connection: %d %q, want 503 and the end of the connection", name, a.status, a.body)
		}
		c.closed()
	}
	close(b.release)
	if a := running.answer(false); a.status != 200 || !bytes.Equal(a.body, nothing()) {
		t.Errorf("%d %q, want the result", a.status, a.body)
	}
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	s.gone(t)
}

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, &statefunhttp.ServerOptions{DrainTimeout: 50 * time.Millisecond})
	stuck, waiting := s.dial(t), s.dial(t)
	stuck.send(post(call("stuck", "x")))
	waiting.send(post(call("waiting", "x")))
	<-b.entered
	<-b.entered
	s.stop()
	for _, c := range []*client{stuck, waiting} {
		if a := c.answer(false); a.status != 503 || string(a.body) != "deadline exceeded\n" {
			t.Errorf("%d %q, want 503", a.status, a.body)
		}
	}
	err := <-s.done
	if err == nil || !strings.Contains(err.Error(), "2 requests still ran after 50ms") {
		t.Errorf("the error is %v", err)
	}
	s.gone(t)
	close(b.release)
}

func TestDrainOfNothing(t *testing.T) {
	t.Parallel()
	s := start(t, newBehaviours(), nil)
	idle, fresh, half := s.dial(t), s.dial(t), s.dial(t)
	idle.ask(post(call("echo", "x")))
	half.send(post(call("echo", "x"))[:20])
	began := time.Now()
	s.stop()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("connections without a request held the server for %v", d)
	}
	for _, c := range []*client{idle, fresh, half} {
		c.closed()
	}
	s.gone(t)
}

func TestDrainOverHTTP2(t *testing.T) {
	t.Parallel()
	b := newBehaviours()
	s := start(t, b, nil)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	running := make(chan string, 1)
	r := h2Request(t, s.addr, "POST", "/", "", call("slow", "x"))
	go func() { running <- roundTrip(transport, r) }()
	<-b.entered
	s.stop()
	s.draining(t)
	if got := roundTrip(transport, h2Request(t, s.addr, "POST", "/", "", call("echo", "x"))); got != "503 shutting down\n" {
		t.Errorf("a new request gets %q", got)
	}
	close(b.release)
	if got := <-running; got != "200 "+string(nothing()) {
		t.Errorf("the running request gets %q", got)
	}
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	s.gone(t)
}

// roundTrip returns the status and the body of an answer, or the error.
func roundTrip(transport *http.Transport, r *http.Request) string {
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, body)
}

func TestDrainBeforeTheStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := listen(t, "127.0.0.1:0")
	if err := statefunhttp.ServeListener(ctx, l, register(behaviours{}.functions()), nil); err != nil {
		t.Error(err)
	}
}

func TestListenerFails(t *testing.T) {
	t.Parallel()
	l := listen(t, "127.0.0.1:0")
	l.Close()
	err := statefunhttp.ServeListener(t.Context(), l, register(behaviours{}.functions()), nil)
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("the error is %v, want one that names %v", err, l.Addr())
	}
}

// server is this test binary as another process.
type process struct {
	cmd    *exec.Cmd
	output *bytes.Buffer
	socket string
}

func startProcess(t *testing.T) *process {
	t.Helper()
	p := &process{output: new(bytes.Buffer), socket: filepath.Join(t.TempDir(), "s.sock")}
	p.cmd = exec.CommandContext(t.Context(), os.Args[0])
	p.cmd.Env = append(os.Environ(), serveVariable+"=unix:"+p.socket)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	eventually(t, "the process listens", func() bool {
		conn, err := net.Dial("unix", p.socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return p
}

func (p *process) dial(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

func TestSIGTERM(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := startProcess(t)
			uploading := p.dial(t)
			raw := request("POST", "/", octets+"Expect: 100-continue\r\n", call("echo", "hello"))
			body := len(call("echo", "hello"))
			uploading.send(raw[:len(raw)-body])
			// The server asks for the body, so the request runs.
			if _, err := io.ReadFull(uploading.reader, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
				t.Fatal(err)
			}
			if err := p.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			eventually(t, "new requests get 503", func() bool {
				c := p.dial(t)
				defer c.Close()
				return c.ask(post(call("echo", "x"))).status == 503
			})
			if a := uploading.ask(raw[len(raw)-body:]); a.status != 200 || !bytes.Equal(a.body, sent([]byte("hello"))) {
				t.Errorf("%d %q, want the result", a.status, a.body)
			}
			if err := p.cmd.Wait(); err != nil || !strings.Contains(p.output.String(), "served: <nil>") {
				t.Errorf("%v: %s", err, p.output)
			}
			if _, err := os.Lstat(p.socket); err == nil {
				t.Error("the socket file is left")
			}
		})
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	stuck := p.dial(t)
	stuck.send(post(call("stuck", "x"))) // nothing ever ends it
	eventually(t, "health", func() bool {
		c := p.dial(t)
		defer c.Close()
		return c.ask(request("GET", "/healthz", "", nil)).status == 200
	})
	p.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	eventually(t, "the second signal ends the process", func() bool {
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}
