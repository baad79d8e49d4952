package e2e_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
)

// embedded is the engine, with the playground's HTTP on both sides.
func embedded() platform {
	return platform{"engine", func() error { return nil }, startEngine}
}

// local is an application on the engine.
type local struct {
	application
	in, out string // base URLs
	log     string // file
	end     context.CancelFunc
	done    chan error
}

func startEngine(ctx context.Context, name, dir string, a application, at string) (running, error) {
	m, err := module.Parse("module.yaml", []byte(playground(a, at)))
	if err != nil {
		return nil, err
	}
	logs, err := os.Create(filepath.Join(dir, "engine.log"))
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(logs, nil))
	engine, err := app.Open(&app.Options{Module: m, Dir: filepath.Join(dir, "data"), Logger: log})
	if err != nil {
		return nil, err
	}
	l := &local{application: a, in: engine.IngressURLs()[0], out: engine.EgressURLs()[0], log: logs.Name(), done: make(chan error, 1)}
	ctx, l.end = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer logs.Close()
		l.done <- engine.Run(ctx)
	}()
	return l, nil
}

// playground is a module file for one machine.
func playground(a application, at string) string {
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
spec: {port: 0}
---
kind: io.statefun.playground.v1/egress
spec: {id: %s, port: 0, topics: %s}
`, a.functions, at, more, a.egress, list(a.outputs))
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
	key, err := url.PathUnescape(header.Get("Statefun-Key"))
	return kafka.Record{Topic: topic, Key: key, Value: value}, true, err
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
	text, err := os.ReadFile(l.log)
	if err != nil {
		return err.Error()
	}
	const most = 8 << 10
	return string(text[max(0, len(text)-most):])
}

func (l *local) stop() {
	l.end()
	<-l.done
}
