package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// crashDir names the variable that makes the test binary a real engine, for
// TestKill to kill.
const crashDir = "STATEFUN_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := runChild(dir); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// runChild runs the application in dir and writes its URLs to standard output.
func runChild(dir string) error {
	m, err := module.Load(filepath.Join(dir, "module.yaml"))
	if err != nil {
		return err
	}
	a, err := app.Open(&app.Options{
		Module: m, Dir: filepath.Join(dir, "data"), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, a.IngressURLs()[0], a.EgressURLs()[0]); err != nil {
		return err
	}
	return a.Run(context.Background())
}

const crashModule = `
kind: io.statefun.endpoints.v2/http
spec:
  functions: crash/*
  urlPathTemplate: %s
---
kind: io.statefun.playground.v1/ingress
spec: {port: 0}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [out]}
`

// crashFunctions are the functions under TestKill, which run outside of what is
// killed. crash/first counts its messages and passes each on with the count, at
// once or a little later; crash/second writes it to the egress.
func crashFunctions(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		var r wire.Request
		if err == nil {
			err = r.Decode(body)
		}
		if err != nil || rand.IntN(20) == 0 {
			http.Error(w, "refused", http.StatusServiceUnavailable)
			return
		}
		answer := crashAnswer(t, &r)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer) // the engine may be dead
	})
}

func crashAnswer(t *testing.T, r *wire.Request) []byte {
	t.Helper()
	a := newAnswer()
	if r.Target.Name == "second" {
		for i := range r.Invocations {
			record := wire.AppendKafkaRecord(nil, &wire.KafkaRecord{Topic: "out", Value: []byte(argument(t, &r.Invocations[i]))})
			a.b = wire.AppendEgress(a.b, wire.V3, "io.statefun.playground", "egress",
				wire.Value{TypeName: wire.KafkaTypeName(wire.V3), Has: true, Data: record})
		}
		return must(a.end())
	}
	if m := missing(r, wire.StateSpec{Name: "n"}); m != nil {
		return m
	}
	n, _ := strconv.Atoi(state(t, r, "n"))
	second := wire.Address{Namespace: "crash", Name: "second", ID: r.Target.ID}
	for i := range r.Invocations {
		n++
		message := fmt.Sprintf("%s %d %s", r.Target.ID, n, argument(t, &r.Invocations[i]))
		if n%3 == 0 {
			a.after(20*time.Millisecond, second, message, "token"+strconv.Itoa(n))
		} else {
			a.send(second, message)
		}
	}
	return must(a.set("n", strconv.Itoa(n)).end())
}

// child is a running engine.
type child struct {
	cmd             *exec.Cmd
	stderr          strings.Builder
	ingress, egress string
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	c.cmd.Env = append(os.Environ(), crashDir+"="+dir)
	c.cmd.Stderr = &c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscan(line, &c.ingress, &c.egress)
	}
	if err != nil {
		c.kill()
		t.Fatalf("the engine did not start: %v\n%s", err, c.stderr.String())
	}
	return c
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// crashLoad sends numbered messages and collects records.
type crashLoad struct {
	client *http.Client
	number atomic.Int64

	mu      sync.Mutex
	acked   map[string]bool   // numbers that were acknowledged
	records map[uint64]string // by sequence number
	faults  []string
}

// TestKill kills a real engine with kill -9, again and again, under load.
// Every acknowledged message counts exactly once in the state of its address,
// every other one at most once, and the egress shows each result exactly once
// by its sequence number.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 24
	functions := httptest.NewServer(crashFunctions(t))
	defer functions.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "module.yaml"), fmt.Appendf(nil, crashModule, functions.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	load := &crashLoad{client: &http.Client{}, acked: map[string]bool{}, records: map[uint64]string{}}
	defer load.client.CloseIdleConnections()
	for range kills {
		c := startChild(t, dir)
		load.run(t, c, time.Duration(20+rand.IntN(130))*time.Millisecond)
	}
	c := startChild(t, dir)
	defer c.kill()
	load.finish(t, c)
	load.check(t)
	t.Logf("%d kills, %d messages, %d acknowledged, %d records", kills, load.number.Load(), len(load.acked), len(load.records))
}

// run puts c under load and kills it after a while.
func (l *crashLoad) run(t *testing.T, c *child, after time.Duration) {
	t.Helper()
	var workers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for w := range 8 {
		workers.Go(func() {
			for ctx.Err() == nil {
				l.send(ctx, c, "k"+strconv.Itoa(w%5))
			}
		})
	}
	workers.Go(func() {
		for ctx.Err() == nil {
			l.receive(t.Context(), c, "") // an answer that came is read, whatever happens
		}
	})
	<-time.After(after)
	c.kill()
	cancel()
	workers.Wait()
}

// send sends the next number once and notes whether it was acknowledged.
func (l *crashLoad) send(ctx context.Context, c *child, id string) {
	number := strconv.FormatInt(l.number.Add(1), 10)
	q, err := http.NewRequestWithContext(ctx, http.MethodPut, c.ingress+"/crash/first/"+id, strings.NewReader(number))
	if err != nil {
		panic(err)
	}
	q.Header.Set("Content-Type", "application/vnd.test/text")
	r, err := l.client.Do(q)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	if r.StatusCode == http.StatusOK {
		l.mu.Lock()
		l.acked[number] = true
		l.mu.Unlock()
	}
}

// receive takes one record from the egress.
func (l *crashLoad) receive(ctx context.Context, c *child, query string) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, c.egress+"/out"+query, http.NoBody)
	if err != nil {
		panic(err)
	}
	r, err := l.client.Do(q)
	if err != nil {
		return false
	}
	value, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil || r.StatusCode != http.StatusOK {
		return false
	}
	sequence, err := strconv.ParseUint(r.Header.Get("Statefun-Sequence"), 10, 64)
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.records[sequence]; err != nil || ok && before != string(value) {
		l.faults = append(l.faults, fmt.Sprintf("record %d was %q and is %q (%v)", sequence, before, value, err))
	}
	l.records[sequence] = string(value)
	return true
}

// finish reads records until every acknowledged message has one and no more
// come.
func (l *crashLoad) finish(t *testing.T, c *child) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for l.receive(t.Context(), c, "?wait=1s") || l.missing() != "" {
		if time.Now().After(deadline) {
			t.Fatalf("message %s was acknowledged and has no record; record %d was not seen\n%s", l.missing(), l.gap(), c.stderr.String())
		}
	}
}

// gap returns the first sequence number without a record.
func (l *crashLoad) gap() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := uint64(1); ; n++ {
		if _, ok := l.records[n]; !ok {
			return n
		}
	}
}

func (l *crashLoad) missing() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := map[string]bool{}
	for _, value := range l.records {
		seen[value[strings.LastIndexByte(value, ' ')+1:]] = true
	}
	for number := range l.acked {
		if !seen[number] {
			return number
		}
	}
	return ""
}

func (l *crashLoad) check(t *testing.T) {
	t.Helper()
	for _, fault := range l.faults {
		t.Error(fault)
	}
	numbers, counts := map[string]int{}, map[string]map[int]int{}
	if n := l.gap(); n != uint64(len(l.records))+1 {
		t.Fatalf("there are %d records, but none with number %d", len(l.records), n)
	}
	for sequence := range uint64(len(l.records)) {
		value := l.records[sequence+1]
		var id, number string
		var count int
		if _, err := fmt.Sscan(value, &id, &count, &number); err != nil {
			t.Fatalf("record %d: %q: %v", sequence+1, value, err)
		}
		if counts[id] == nil {
			counts[id] = map[int]int{}
		}
		numbers[number]++
		counts[id][count]++
	}
	for number, n := range numbers {
		if n != 1 {
			t.Errorf("message %s has %d records", number, n)
		}
	}
	for id, seen := range counts {
		for n := range len(seen) {
			if seen[n+1] != 1 {
				t.Errorf("address %s: count %d was seen %d times", id, n+1, seen[n+1])
			}
		}
	}
	if len(l.acked) < 100 {
		t.Errorf("only %d messages were acknowledged", len(l.acked))
	}
}
