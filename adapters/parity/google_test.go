package parity_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// openGoogle runs the functions behind Google's framework, in a process as the
// platform starts one.
func openGoogle(t *testing.T, s setup) ask {
	t.Helper()
	// Between our asking for a port and the framework's, another may get it.
	for range 5 {
		if url := launchGoogle(t, s); url != "" {
			return over(newClient(t, nil), url)
		}
	}
	t.Fatal("the framework got no port in five attempts")
	return nil
}

// launchGoogle returns "" if the port was taken.
func launchGoogle(t *testing.T, s setup) (url string) {
	t.Helper()
	port, out, ended := freePort(t), new(output), make(chan struct{})
	cmd := exec.Command(program(t))
	cmd.Env = append(os.Environ(), programVariable+"="+googleProgram, "PORT="+port, "FUNCTION_TARGET=Parity", "K_SERVICE=parity",
		"CLOUD_RUN_TIMEOUT_SECONDS="+strconv.Itoa(int(s.timeout/time.Second)))
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
	url = "http://127.0.0.1:" + port
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !isServing(ctx, url) {
		select {
		case <-ended:
			if strings.Contains(out.String(), "address already in use") {
				return ""
			}
			t.Fatalf("the framework does not serve:\n%s", out)
		case <-ctx.Done():
			t.Fatalf("the framework does not serve:\n%s", out)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return url
}

func isServing(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
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

// program is this test binary.
func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
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
