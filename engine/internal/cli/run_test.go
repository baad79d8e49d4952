package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine/internal/cli"
	"github.com/statefun-go/statefun-go/statefun"
)

type greetRequest struct{ Name string }

// greeter is a function that counts visits.
func greeter(t *testing.T) *statefun.Handler {
	t.Helper()
	greet := statefun.JSON[greetRequest]("example/GreetRequest")
	seen := statefun.NewState("seen", statefun.Int64)
	greetings := statefun.KafkaTopic("example/greets", "greetings", statefun.Text)
	h, err := statefun.New([]statefun.Function{statefun.Define(
		statefun.MustTypeName("example/greeter"),
		statefun.On(greet, func(_ context.Context, inv *statefun.Invocation, req greetRequest) error {
			n, err := seen.Get(inv)
			if err != nil {
				return err
			}
			seen.Set(inv, n+1)
			greetings.Send(inv, req.Name, fmt.Sprintf("Hello %s, visit %d", req.Name, n+1))
			return nil
		}), seen, greetings,
	)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// serve serves functions until the test ends and returns their URL.
func serve(t *testing.T, h *statefun.Handler) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		answer, err := h.Append(r.Context(), nil, request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func greeterModule(url string, ingressPort int) string {
	return fmt.Sprintf(`kind: io.statefun.endpoints.v2/http
spec:
  functions: example/*
  urlPathTemplate: %s
---
kind: io.statefun.playground.v1/ingress
spec: {port: %d}
---
kind: io.statefun.playground.v1/egress
spec: {id: example/greets, port: 0, topics: [greetings]}
`, url, ingressPort)
}

// process is a command that runs until it is stopped.
type process struct {
	records []map[string]any // what it logged until it was ready
	stop    context.CancelFunc
	done    chan int
	log     *strings.Builder // may be read when it has ended
}

// start starts a command that logs JSON, and waits until it is ready.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	p := &process{stop: stop, done: make(chan int, 1), log: &strings.Builder{}}
	go func() {
		code := cli.Run(ctx, args, cli.IO{Out: io.Discard, Err: w})
		w.Close()
		p.done <- code
	}()
	lines := bufio.NewScanner(io.TeeReader(r, p.log))
	for lines.Scan() {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			break
		}
		p.records = append(p.records, record)
		if record["msg"] == "ready" {
			drained := make(chan struct{})
			go func() {
				defer close(drained)
				io.Copy(p.log, r)
			}()
			t.Cleanup(func() { stop(); <-drained })
			return p
		}
	}
	stop()
	rest, _ := io.ReadAll(r)
	t.Fatalf("it ended with %d before it was ready:\n%s%s", <-p.done, p.log, rest)
	return nil
}

// find returns an attribute of the first record with a message.
func (p *process) find(message, attr string) string {
	for _, r := range p.records {
		if r["msg"] == message {
			return fmt.Sprint(r[attr])
		}
	}
	return ""
}

func send(t *testing.T, p *process, name string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.find("ingress", "url")+"/example/greeter/"+name,
		strings.NewReader(fmt.Sprintf(`{"Name":%q}`, name)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/vnd.example/GreetRequest")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("sending: %s", resp.Status)
	}
}

// receive polls the egress until there is a record.
func receive(t *testing.T, p *process) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.find("egress", "url"), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return string(body)
		}
	}
}

// TestRunAndDrain sends a greeting, stops the application as a signal does, and
// starts it again: the state is still there.
func TestRunAndDrain(t *testing.T) {
	t.Parallel()
	path := write(t, "module.yaml", greeterModule(serve(t, greeter(t)), 0))
	data := t.TempDir()
	for visit := 1; visit <= 2; visit++ {
		p := start(t, "run", "--data", data, "--log-format", "json", path)
		send(t, p, "Ann")
		if got, want := receive(t, p), fmt.Sprintf("Hello Ann, visit %d", visit); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		p.stop()
		if code := <-p.done; code != 0 {
			t.Errorf("it ended with %d:\n%s", code, p.log)
		}
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	path := write(t, "module.yaml", greeterModule("http://localhost:1/", port))
	code, stdout, stderr := run(t, "run", "--data", t.TempDir(), path)
	if code != 1 || stdout != "" {
		t.Errorf("code %d, standard output %q", code, stdout)
	}
	for _, want := range []string{fmt.Sprintf("port %d is taken", port), path + ":6:1", "stop the program"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q does not contain %q", stderr, want)
		}
	}
}

func TestDataInUse(t *testing.T) {
	t.Parallel()
	path := write(t, "module.yaml", greeterModule("http://localhost:1/", 0))
	data := t.TempDir()
	p := start(t, "run", "--data", data, "--log-format", "json", path)
	code, _, stderr := run(t, "run", "--data", data, path)
	if code != 1 || !strings.Contains(stderr, data) || !strings.Contains(stderr, "in use") ||
		!strings.Contains(stderr, "give --data another directory") {
		t.Errorf("code %d, %q", code, stderr)
	}
	p.stop()
	if code := <-p.done; code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.log)
	}
}
