package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
)

// embedded is the engine, with the playground's HTTP on both sides.
func embedded() platform {
	return platform{"engine", func() error { return nil }, startEngine}
}

// local is an application on the engine, which is a process of its own.
type local struct {
	application
	child
	in, out string            // base URLs
	taken   map[string]uint64 // number of the last record that was taken, by topic
}

func startEngine(ctx context.Context, _, dir string, a application, at string) (running, error) {
	ports, err := java.FreePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "module.yaml"), []byte(playground(a, at, ports[0], ports[1])), 0o600); err != nil {
		return nil, err
	}
	l := &local{application: a, child: child{role: runtime, arg: dir}, taken: map[string]uint64{}}
	l.in, l.out = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	if err := l.start(ctx); err != nil {
		l.kill()
		return nil, err
	}
	return l, nil
}

// start starts the process and waits until it listens.
func (l *local) start(ctx context.Context) error {
	if err := l.child.start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.out, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the engine does not listen: %w\n%s", err, l.tail())
		}
	}
}

// crash kills the engine and starts it again. Nobody may be sending: what was
// not acknowledged would count or not.
func (l *local) crash(ctx context.Context) error {
	l.kill()
	return l.start(ctx)
}

// runEngine is the role of a child: the application of a directory, until
// SIGTERM.
func runEngine(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	m, err := module.Load(filepath.Join(dir, "module.yaml"))
	if err != nil {
		return err
	}
	engine, err := app.Open(&app.Options{
		Module: m, Dir: filepath.Join(dir, "data"), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	return engine.Run(ctx)
}

// playground is a module file for one machine.
func playground(a application, at string, in, out int) string {
	more := ""
	if own := a.transport["async"]; own != "" {
		more = "\n  transport: {" + own + "}"
	}
	if a.maxBatch != 0 {
		more += fmt.Sprintf("\n  maxNumBatchRequests: %d", a.maxBatch)
	}
	return fmt.Sprintf(`kind: io.statefun.endpoints.v2/http
spec:
  functions: %s
  urlPathTemplate: %s%s
---
kind: io.statefun.playground.v1/ingress
spec: {port: %d}
---
kind: io.statefun.playground.v1/egress
spec: {id: %s, port: %d, topics: %s}
`, a.functions, at, more, in, a.egress, out, list(a.outputs))
}

// put sends with a few senders; a key has always the same one.
func (l *local) put(ctx context.Context, records []kafka.Record) error {
	const senders = 8
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done sync.WaitGroup
	for i := range uint32(senders) {
		done.Go(func() {
			for _, r := range records {
				if hash(r.Key)%senders != i {
					continue
				}
				if err := l.send(ctx, r); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	done.Wait()
	return context.Cause(ctx)
}

func hash(key string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, key)
	return h.Sum32()
}

// send sends a record to each target of its topic.
func (l *local) send(ctx context.Context, r kafka.Record) error {
	for _, in := range l.inputs {
		if in.topic != r.Topic {
			continue
		}
		for _, target := range in.targets {
			path := l.in + "/" + target + "/" + url.PathEscape(r.Key)
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, path, strings.NewReader(r.Value))
			if err != nil {
				return err
			}
			req.Header.Set("Content-Type", "application/vnd."+in.valueType)
			if _, _, err := exchange(req); err != nil {
				return err
			}
		}
	}
	return nil
}

// next takes what is there, topic by topic; it waits a little at the first. What
// is taken is gone, so that no request ends with ctx.
func (l *local) next(ctx context.Context) ([]kafka.Record, error) {
	var records []kafka.Record
	for i, topic := range l.outputs {
		wait := "0s"
		if i == 0 {
			wait = "50ms"
		}
		for ctx.Err() == nil {
			r, ok, err := l.take(context.WithoutCancel(ctx), topic, wait)
			if err != nil {
				return records, err
			}
			if !ok {
				break
			}
			records = append(records, r)
			wait = "0s"
		}
	}
	return records, ctx.Err()
}

// take takes a record, if there is one.
func (l *local) take(ctx context.Context, topic, wait string) (kafka.Record, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.out+"/"+topic+"?wait="+wait, nil)
	if err != nil {
		return kafka.Record{}, false, err
	}
	header, value, err := exchange(req)
	if err != nil || header == nil {
		return kafka.Record{}, false, err
	}
	key, keyErr := url.PathUnescape(header.Get("Statefun-Key"))
	number, err := strconv.ParseUint(header.Get("Statefun-Sequence"), 10, 64)
	if err = errors.Join(err, keyErr); err != nil {
		return kafka.Record{}, false, err
	}
	if number <= l.taken[topic] { // it was on its way when the engine crashed
		return l.take(ctx, topic, wait)
	}
	l.taken[topic] = number
	return kafka.Record{Topic: topic, Key: key, Value: value}, true, nil
}

// exchange sends a request and reads the answer. No header means 404: there is
// nothing to take.
func exchange(req *http.Request) (http.Header, string, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, "", err
	case resp.StatusCode == http.StatusNotFound && req.Method == http.MethodGet:
		return nil, "", nil
	case resp.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("%s %s: %s: %s", req.Method, req.URL, resp.Status, body)
	}
	return resp.Header, string(body), nil
}

func (l *local) tail() string {
	const most = 8 << 10
	text := l.said.String()
	return text[max(0, len(text)-most):]
}

func (l *local) stop() error { return l.terminate() }
