package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/engine/module"
)

// TestPlan: the demo finds its way in the example as it is.
func TestPlan(t *testing.T) {
	t.Parallel()
	_, p, err := newPlan(&Options{Example: "greeter", Data: "data"})
	if err != nil {
		t.Fatal(err)
	}
	if p.functionAddr != "127.0.0.1:8000" || p.ingress != "http://127.0.0.1:8090" || p.egress != "http://127.0.0.1:8091" {
		t.Errorf("%+v", p)
	}
	if _, _, err := newPlan(&Options{Example: "none"}); err == nil || !strings.Contains(err.Error(), "no demo") {
		t.Errorf("unknown example: %v", err)
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	const (
		in       = "---\nkind: io.statefun.playground.v1/ingress\nspec: {port: 8090}\n"
		out      = "---\nkind: io.statefun.playground.v1/egress\nspec: {id: example/greets, port: 8091, topics: [greetings, rejected]}\n"
		function = "kind: io.statefun.endpoints.v2/http\nspec: {functions: 'example/*', urlPathTemplate: 'http://127.0.0.1:8000/'}\n"
	)
	for name, row := range map[string]struct{ text, want string }{
		"good":             {function + in + out, ""},
		"another function": {strings.Replace(function, "example/*", "other/*", 1) + in + out, "example/greeter"},
		"no port":          {strings.Replace(function, ":8000", "", 1) + in + out, "127.0.0.1:8000"},
		"https":            {strings.Replace(function, "http:", "https:", 1) + in + out, "the demo starts one program"},
		"no egress":        {function + in, "egress with the topics greetings"},
		"another topic":    {function + in + strings.Replace(out, "[greetings, ", "[x, ", 1), "greetings"},
		"any port":         {function + in + strings.Replace(out, "8091", "0", 1), "with a port"},
	} {
		file := filepath.Join(t.TempDir(), "module.yaml")
		if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := module.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		err = (&plan{files: []string{file}, needs: (&greetings{}).needs()}).locate(m)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

func TestPortsAreChecked(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	err = checkPort(t.Context(), addr, "the greeter", "module.yaml:5:1", "urlPathTemplate")
	for _, want := range []string{"port " + port, "the greeter", "lsof -i :" + port, "urlPathTemplate at module.yaml:5:1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	l.Close()
	if err := checkPort(t.Context(), "192.0.2.1:1", "the ingress", "x", "port"); err == nil || !strings.Contains(err.Error(), "cannot listen") {
		t.Errorf("foreign address: %v", err)
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "out", "log")
	p, err := start(t.Context(), "the child", log, "sh", "-c", "echo working; echo broken >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = p.await(t.Context(), "http://127.0.0.1:1")
	for _, want := range []string{"the child has ended", "exit status 3", log, "  working\n  broken"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := p.stop(); err != nil {
		t.Errorf("stop of one that has ended: %v", err)
	}
	// It says when it can be asked to end.
	p, err = start(t.Context(), "the child", log, "sh", "-c", "trap 'echo bye; exit 0' TERM; while :; do sleep 0.01; done")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	if err := p.await(t.Context(), server.URL); err != nil {
		t.Error(err)
	}
	p.stop() // the trap may not be set yet
	if !p.hasEnded() {
		t.Error("it goes on")
	}
	if _, err := start(t.Context(), "the child", log, "/nowhere/at/all"); err == nil || !strings.Contains(err.Error(), "start the child") {
		t.Errorf("no such program: %v", err)
	}
}

// application is a greeter that answers at once.
type application struct {
	mu      sync.Mutex
	counts  map[string]int
	records []string
	taken   int
	broken  func(count int) int // what it says instead of the count
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Method == http.MethodGet {
		if a.taken == len(a.records) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		a.taken++
		w.Header().Set("Statefun-Sequence", fmt.Sprint(a.taken))
		fmt.Fprint(w, a.records[a.taken-1])
		return
	}
	name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	a.counts[name]++
	a.records = append(a.records, fmt.Sprintf("Hello %s, visit %d", name, a.broken(a.counts[name])))
}

func TestShow(t *testing.T) {
	t.Parallel()
	right := func(n int) int { return n }
	for name, row := range map[string]struct {
		counts  map[string]int
		records []string
		last    map[string]int
		broken  func(int) int
		want    string // in the output, or in the error
		fails   bool
	}{
		"new":         {map[string]int{}, nil, map[string]int{}, right, "Hello Ann, visit 2", false},
		"going on":    {map[string]int{"Ann": 3}, nil, map[string]int{"Ann": 3}, right, "Hello Ann, visit 5", false},
		"leftovers":   {map[string]int{"Ann": 1}, []string{"Hello Ann, visit 1"}, map[string]int{}, right, "visit 1 (from before)", false},
		"state lost":  {map[string]int{}, nil, map[string]int{"Ann": 3}, right, "state was lost", true},
		"not counted": {map[string]int{}, nil, map[string]int{}, func(int) int { return 1 }, "counted twice", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &application{counts: row.counts, records: row.records, broken: row.broken}
			server := httptest.NewServer(a)
			t.Cleanup(server.Close)
			var out strings.Builder
			running := &process{done: make(chan struct{})}
			s := &session{
				ingress: server.URL, egress: server.URL, topics: []string{topic}, out: &out,
				function: running, engine: running,
			}
			play := &greetings{&tally{Last: row.last}, filepath.Join(t.TempDir(), "data")}
			err := s.show(t.Context(), play, true)
			text := out.String()
			if err != nil {
				text += err.Error()
			}
			if (err != nil) != row.fails || !strings.Contains(text, row.want) {
				t.Errorf("%v, output:\n%s", err, text)
			}
		})
	}
}

// What the greeter rejects is shown, and does not count as a greeting.
func TestRejection(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"target":{"type":"example/greeter","id":"Ann"},"reason":"no case of x"}`: "  rejected Ann: no case of x (from before)\n",
		"a text": "  rejected Ann: a text (from before)\n",
	} {
		var out strings.Builder
		g := &greetings{&tally{Last: map[string]int{}}, filepath.Join(t.TempDir(), "data")}
		if err := g.came(&session{out: &out}, record{topic: rejected, sequence: 1, key: "Ann", text: text}, " (from before)"); err != nil {
			t.Error(err)
		}
		if out.String() != want || g.Record != 0 {
			t.Errorf("%q, %+v", &out, g)
		}
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	if err := (&Options{}).ended(ctx, context.Canceled); err == nil {
		t.Error("a failure is forgotten")
	}
	stop()
	if err := (&Options{}).ended(ctx, ctx.Err()); err != nil {
		t.Errorf("Ctrl-C is a failure: %v", err)
	}
	if err := (&Options{Once: true}).ended(ctx, nil); err == nil {
		t.Error("interrupted, yet a success")
	}
}
