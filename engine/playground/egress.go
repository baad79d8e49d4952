package playground

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// MaxWait is the longest wait that a client may ask for.
const MaxWait = time.Minute

// lookEvery is how often a waiting request looks for a record.
const lookEvery = 20 * time.Millisecond

// Egress hands out records over HTTP. It implements [engine.Egress]; its
// methods may be called from any goroutine.
type Egress struct {
	*server
	id     module.TypeName
	topics []string
	at     module.Position
}

// NewEgress listens on the port of spec. Its errors name the place in the
// module file and what to do.
func NewEgress(spec module.PlaygroundEgress, opts *Options) (*Egress, error) {
	s, err := newServer("egress", spec.Port, spec.Position, opts)
	if err != nil {
		return nil, err
	}
	s.wait = MaxWait
	return &Egress{server: s, id: spec.ID, topics: slices.Clone(spec.Topics), at: spec.Position}, nil
}

// Run implements [engine.Egress].
func (e *Egress) Run(ctx context.Context, outbox engine.Outbox) error {
	return e.run(ctx, func(w http.ResponseWriter, r *http.Request) { e.handle(ctx, w, r, outbox) })
}

func (e *Egress) handle(ctx context.Context, w http.ResponseWriter, r *http.Request, outbox engine.Outbox) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		refuse(w, http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, "take a record with GET /<topic>")
		return
	}
	topic := strings.TrimPrefix(r.URL.Path, "/")
	if !slices.Contains(e.topics, topic) {
		text := fmt.Sprintf("unknown topic %q; GET one of /%s", topic, strings.Join(e.topics, " /"))
		refuse(w, http.StatusNotFound, http.StatusMethodNotAllowed, text)
		return
	}
	wait, err := parseWait(r.URL.Query().Get("wait"))
	if err != nil {
		refuse(w, http.StatusBadRequest, http.StatusBadRequest, err.Error())
		return
	}
	d, found, err := e.take(ctx, r.Context(), outbox, topic, wait)
	switch {
	case err != nil:
		e.opts.Logger.Error("playground egress: record not read", "egress", e.id.String(), "topic", topic, "error", err)
		refuse(w, http.StatusInternalServerError, http.StatusInternalServerError, "the record could not be read: see the log of the engine")
	case !found: // no text, which a script could take for a record
		w.Header().Set("Status", strconv.Itoa(http.StatusNotFound))
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusNotFound)
	default:
		e.deliver(w, outbox, d)
	}
}

// parseWait reads the parameter wait, a duration such as 5s.
func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > MaxWait {
		return 0, fmt.Errorf("wait %q: write a duration from 0s to %s, for example 5s", s, MaxWait)
	}
	return d, nil
}

// take returns the oldest record of a topic, and waits for one until the time
// is up, the client is gone or the application stops.
func (e *Egress) take(run, request context.Context, outbox engine.Outbox, topic string, wait time.Duration) (engine.Delivery, bool, error) {
	d, found, err := outbox.Take(topic)
	if found || err != nil || wait == 0 {
		return d, found, err
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if d, found, err = outbox.Take(topic); found || err != nil {
				return d, found, err
			}
		case <-end.C:
			return engine.Delivery{}, false, nil
		case <-run.Done():
			return engine.Delivery{}, false, nil
		case <-request.Done():
			return engine.Delivery{}, false, nil
		}
	}
}

// deliver writes a taken record, and only then removes it.
func (e *Egress) deliver(w http.ResponseWriter, outbox engine.Outbox, d engine.Delivery) {
	written := false
	defer func() {
		if !written {
			outbox.Release(d)
		}
	}()
	record, err := wire.DecodeKafkaRecord(d.Value)
	if err != nil {
		e.opts.Logger.Error("playground egress: stored record does not parse", "egress", e.id.String(), "sequence", d.Sequence, "error", err)
		refuse(w, http.StatusInternalServerError, http.StatusInternalServerError, "the stored record does not parse: see the log of the engine")
		return
	}
	h := w.Header()
	h["Content-Type"] = nil // the playground sends none; nothing guesses
	h.Set("Status", strconv.Itoa(http.StatusOK))
	h.Set("Statefun-Sequence", strconv.FormatUint(d.Sequence, 10))
	if record.Key != "" {
		h.Set("Statefun-Key", url.PathEscape(record.Key))
	}
	for _, kh := range record.Headers {
		h.Add("Statefun-Header", url.PathEscape(kh.Key)+"="+url.PathEscape(string(kh.Value)))
	}
	h.Set("Content-Length", strconv.Itoa(len(record.Value)))
	written = writeAll(w, record.Value)
	if !written {
		return
	}
	if err := outbox.Remove(d); err != nil {
		e.opts.Logger.Warn("playground egress: a record will come again", "egress", e.id.String(), "sequence", d.Sequence, "error", err)
	}
}

// writeAll writes an answer through to the connection.
func writeAll(w http.ResponseWriter, body []byte) bool {
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(body); err != nil {
		return false
	}
	return http.NewResponseController(w).Flush() == nil
}
