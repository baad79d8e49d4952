package e2e_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// side is one application, as the world sees it.
type side struct {
	application
	in, out string            // addresses
	taken   map[string]uint64 // number of the last record that was taken, by topic
	crashed bool              // whether the engine has crashed
}

func playgroundIngress(port int) string {
	return fmt.Sprintf("kind: io.statefun.playground.v1/ingress\nspec: {port: %d}\n", port)
}

// playgroundFile is a module file with the endpoint of an application and its
// egress.
func playgroundFile(a application, at string, port int) string {
	more := ""
	if own := a.transport["async"]; own != "" {
		more = "\n  transport: {" + own + "}"
	}
	if a.maxBatch != 0 {
		more += fmt.Sprintf("\n  maxNumBatchRequests: %d", a.maxBatch)
	}
	file := fmt.Sprintf(`kind: io.statefun.endpoints.v2/http
spec:
  functions: %s
  urlPathTemplate: %s%s
`, a.functions, cmp.Or(a.url, at), more)
	if len(a.inputs) == 0 {
		return file
	}
	return file + fmt.Sprintf(`---
kind: io.statefun.playground.v1/egress
spec: {id: %s, port: %d, topics: %s}
`, a.egress, port, list(a.outputs))
}

// put sends with a few senders; a key has always the same one.
func (s *side) put(ctx context.Context, records []kafka.Record) error {
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
				if err := s.send(ctx, r); err != nil {
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
func (s *side) send(ctx context.Context, r kafka.Record) error {
	for _, in := range s.inputs {
		if in.topic != r.Topic {
			continue
		}
		for _, target := range in.targets {
			path := "http://" + s.in + "/" + target + "/" + url.PathEscape(r.Key)
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
func (s *side) next(ctx context.Context) ([]kafka.Record, error) {
	var records []kafka.Record
	for i, topic := range s.outputs {
		wait := "0s"
		if i == 0 {
			wait = "50ms"
		}
		for ctx.Err() == nil {
			r, ok, err := s.take(context.WithoutCancel(ctx), topic, wait)
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
func (s *side) take(ctx context.Context, topic, wait string) (kafka.Record, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.out+"/"+topic+"?wait="+wait, nil)
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
	if number <= s.taken[topic] {
		if !s.crashed {
			return kafka.Record{}, false, fmt.Errorf("record %d of topic %s has come twice", number, topic)
		}
		return s.take(ctx, topic, wait) // it was on its way when the engine crashed
	}
	s.taken[topic] = number
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
