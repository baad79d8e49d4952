package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// poll is how long one look at the egress waits.
const poll = time.Second

// session talks to a running application.
type session struct {
	ingress, egress string   // base URLs
	topics          []string // of the egress
	out             io.Writer
	data            string
	program         string // the function's package

	function, engine *process
	warnings         warnings // of the engine
}

func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

// send sends one message; it counts when this returns.
func (s *session) send(ctx context.Context, m message) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	to := s.ingress + "/" + m.To
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, to, strings.NewReader(m.Body))
	if err != nil {
		return fmt.Errorf("send to %s: %w", m.To, err)
	}
	req.Header.Set("Content-Type", "application/vnd."+m.Type)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("send to %s: %w", m.To, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("send to %s: PUT %s answers %s: %s", m.To, to, resp.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// curl returns the command that does what send does.
func (s *session) curl(m message) string {
	body := "'" + m.Body + "'"
	if strings.ContainsFunc(m.Body, unicode.IsControl) {
		body = "$'" + strings.Trim(strconv.QuoteToASCII(m.Body), `"`) + "'"
	}
	return fmt.Sprintf("curl -X PUT -H 'Content-Type: application/vnd.%s' --data-binary %s %s/%s", m.Type, body, s.ingress, m.To)
}

// record is what has come out of a topic.
type record struct {
	topic    string
	sequence uint64 // counts the records of the topic from 1
	key      string
	text     string
}

// line returns the record as one line that people can read.
func (r record) line(note string) string {
	return fmt.Sprintf("%s %s: %s%s", r.topic, r.key, printable(r.text), note)
}

// printable quotes what is no text.
func printable(text string) string {
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}

// take takes the oldest record of a topic, and waits for one.
func (s *session) take(ctx context.Context, topic string, wait time.Duration) (r record, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTime)
	defer cancel()
	from := fmt.Sprintf("%s/%s?wait=%s", s.egress, topic, wait)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return record{}, false, fmt.Errorf("read the egress: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return record{}, false, fmt.Errorf("read the egress: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return record{}, false, fmt.Errorf("read the egress: %w", err)
	}
	if resp.StatusCode == http.StatusNotFound && len(text) == 0 {
		return record{}, false, nil
	}
	if resp.StatusCode != http.StatusOK {
		return record{}, false, fmt.Errorf("GET %s answers %s: %s", from, resp.Status, strings.TrimSpace(string(text)))
	}
	n, err := strconv.ParseUint(resp.Header.Get("Statefun-Sequence"), 10, 64)
	if err != nil {
		return record{}, false, fmt.Errorf("the egress numbers no records: %w", err)
	}
	key, err := url.PathUnescape(resp.Header.Get("Statefun-Key"))
	if err != nil {
		return record{}, false, fmt.Errorf("the egress's key: %w", err)
	}
	return record{topic, n, key, string(text)}, true, nil
}

// next waits for the next record of a topic. Its error names what was expected.
func (s *session) next(ctx context.Context, topic string, limit time.Time, expected string) (record, error) {
	for {
		r, found, err := s.take(ctx, topic, poll)
		s.warnings.show(s.out, s.engine.log)
		switch {
		case err != nil:
			return r, s.why(err)
		case found:
			return r, nil
		case s.dead() != nil:
			return r, s.dead()
		case time.Now().After(limit):
			return r, fmt.Errorf("topic %s: no answer to %s within %s; the log of the engine, %s, ends with\n%s",
				topic, expected, answerTime, s.engine.log, s.engine.tail())
		}
	}
}

// why returns err, or the end of a process that explains it.
func (s *session) why(err error) error {
	s.engine.endsWithin(poll)
	return cmp.Or(s.dead(), err)
}

// dead returns an error if a process has ended that should run.
func (s *session) dead() error {
	for _, p := range []*process{s.function, s.engine} {
		if p.hasEnded() {
			return p.died()
		}
	}
	return nil
}
