package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// poll is how long one look at the egress waits.
const poll = time.Second

// show sends the greetings, prints the answers, and, but for once, stays up.
func (s *session) show(ctx context.Context, once bool) error {
	if err := s.leftovers(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nsending three greetings to two people\n")
	for _, name := range greeted() {
		if err := s.send(ctx, name); err != nil {
			return err
		}
	}
	if err := s.await(ctx, greeted()); err != nil {
		return err
	}
	if once {
		fmt.Fprintf(s.out, "\nall counts are right; the state is in %s\n", s.data)
		return nil
	}
	fmt.Fprintf(s.out, `
Send another one, in a second terminal; the answer appears here:

  curl -X PUT -H 'Content-Type: application/vnd.example/GreetRequest' -d '{"name":"Ann"}' %s/example/greeter/Ann

State and messages are in %s; run this again and the counts go on. Logs: %s, %s.
Ctrl-C stops.

`, s.ingress, s.data, s.function.log, s.engine.log)
	return s.follow(ctx)
}

// session talks to a running application.
type session struct {
	ingress, egress string // base URLs
	out             io.Writer
	data            string
	tally           *tally

	function, engine *process
}

// send sends one greeting; it counts when this returns.
func (s *session) send(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	url := s.ingress + "/example/greeter/" + name
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(fmt.Sprintf(`{"name":%q}`, name)))
	if err != nil {
		return fmt.Errorf("greet %s: %w", name, err)
	}
	req.Header.Set("Content-Type", "application/vnd.example/GreetRequest")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("greet %s: %w", name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("greet %s: PUT %s answers %s: %s", name, url, resp.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// take takes the oldest record, and waits a moment for one.
func (s *session) take(ctx context.Context, wait time.Duration) (g greeting, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTime)
	defer cancel()
	url := fmt.Sprintf("%s/%s?wait=%s", s.egress, topic, wait)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return greeting{}, false, fmt.Errorf("read the egress: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return greeting{}, false, fmt.Errorf("read the egress: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return greeting{}, false, fmt.Errorf("read the egress: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		if len(text) == 0 {
			return greeting{}, false, nil
		}
		fallthrough
	default:
		return greeting{}, false, fmt.Errorf("GET %s answers %s: %s", url, resp.Status, strings.TrimSpace(string(text)))
	}
	n, err := strconv.ParseUint(resp.Header.Get("Statefun-Sequence"), 10, 64)
	if err != nil {
		return greeting{}, false, fmt.Errorf("the egress numbers no records: %w", err)
	}
	return greeting{n, string(text)}, true, nil
}

// print shows a greeting and keeps the tally.
func (s *session) print(text, note string) error {
	fmt.Fprintf(s.out, "  %s%s\n", text, note)
	return s.tally.save(s.data)
}

// leftovers takes what an earlier run left.
func (s *session) leftovers(ctx context.Context) error {
	for {
		g, found, err := s.take(ctx, 200*time.Millisecond)
		if !found || err != nil {
			return err
		}
		if s.tally.note(g) {
			if err := s.print(g.text, " (from before)"); err != nil {
				return err
			}
		}
	}
}

// await waits for the answers to the greetings of people, and checks them.
func (s *session) await(ctx context.Context, people []string) error {
	limit := time.Now().Add(answerTime)
	for len(people) > 0 {
		g, found, err := s.take(ctx, poll)
		switch {
		case err != nil:
			s.engine.endsWithin(poll)
			return cmp.Or(s.dead(), err)
		case !found && s.dead() != nil:
			return s.dead()
		case !found && time.Now().After(limit):
			return fmt.Errorf("no answer to %s within %s; the log of the engine, %s, ends with\n%s",
				strings.Join(people, ", "), answerTime, s.engine.log, s.engine.tail())
		case !found:
			continue
		}
		name, err := s.tally.check(g)
		if err != nil {
			return fmt.Errorf("%w (to begin again, remove %s and %s)", err, s.data, tallyFile(s.data))
		}
		if err := s.print(g.text, ""); err != nil {
			return err
		}
		if i := slices.Index(people, name); i >= 0 {
			people = slices.Delete(people, i, i+1)
		}
	}
	s.tally.Loose = false
	return s.tally.save(s.data)
}

// follow prints what comes out until ctx ends.
func (s *session) follow(ctx context.Context) error {
	told := false
	for ctx.Err() == nil {
		g, found, err := s.take(ctx, poll)
		switch {
		case ctx.Err() != nil: // the loop ends
		case err != nil:
			s.engine.endsWithin(poll) // which would be why
			return cmp.Or(s.dead(), err)
		case found && s.tally.note(g):
			if err := s.print(g.text, ""); err != nil {
				return err
			}
		case s.function.hasEnded() && !told:
			told = true
			fmt.Fprintf(s.out, "%v\nMessages wait for it. Start it again: go run ./examples/greeter/cmd/http\n", s.function.died())
		}
	}
	fmt.Fprintln(s.out, "\nstopping")
	return nil
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
