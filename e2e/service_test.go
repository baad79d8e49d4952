package e2e_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// serve serves functions over HTTP, in this process, until the test ends. It
// returns their URL.
func serve(t *testing.T, functions []statefun.Function, opts *statefun.Options) string {
	t.Helper()
	handler, err := statefun.New(functions, opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- statefunhttp.ServeListener(ctx, l, handler, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/{function.name}"
}

// serveEnv is where the environment says that this program is to serve the
// greeter instead of testing: the address.
const serveEnv = "STATEFUN_E2E_SERVE"

// busy is how long each call of the greeter takes that is a process: then some
// run whenever it ends.
const busy = 20 * time.Millisecond

// serving serves functions instead of testing, where the environment says so.
func serving() bool {
	addr := os.Getenv(serveEnv)
	if addr == "" {
		return false
	}
	take := func(next statefun.BatchFunc) statefun.BatchFunc {
		return func(ctx context.Context, b *statefun.Batch) error {
			<-time.After(busy)
			return next(ctx, b)
		}
	}
	handler := statefun.MustNew(greeter.Functions(), &statefun.Options{Batch: []statefun.BatchMiddleware{take}})
	opts := &statefunhttp.ServerOptions{Options: statefunhttp.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}}
	if err := statefunhttp.Serve(context.Background(), addr, handler, opts); err != nil {
		panic(err)
	}
	return true
}

// process is the greeter as a process of its own, which can be killed.
type process struct {
	t    *testing.T
	addr string
	cmd  *exec.Cmd
	log  *logs
}

// logs keeps what a process says.
type logs struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// draining returns how many calls ran each time that the process was asked to
// end.
func (l *logs) draining() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return regexp.MustCompile(`running=\d+`).FindAllString(l.all.String(), -1)
}

// launch finds an address for a process, which start then starts.
func launch(t *testing.T) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &process{t: t, addr: l.Addr().String(), log: &logs{}}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Log(p.log.all.String())
		}
	})
	return p
}

func (p *process) url() string { return "http://" + p.addr + "/{function.name}" }

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), serveEnv+"="+p.addr)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd = nil
}

// terminate asks the process to end, as a platform does, and waits until it has.
func (p *process) terminate() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err == nil {
		err = p.cmd.Wait()
	}
	p.cmd = nil
	return err
}
