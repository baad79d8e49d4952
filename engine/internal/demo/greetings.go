package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// greetings is the greeter's script: three greetings to two people, whose counts
// go on from run to run.
type greetings struct {
	*tally
	data string
}

const (
	topic    = "greetings"
	rejected = "rejected" // what the greeter cannot take
)

// greeted are the people who are greeted, in order.
func greeted() []string { return []string{"Ann", "Bob", "Ann"} }

func (g *greetings) needs() needs {
	return needs{modules: []string{"module.yaml"}, functions: []string{"example/greeter"}, topics: []string{topic, rejected}}
}

func (g *greetings) invitation() message { return greetingTo("Ann") }

func greetingTo(name string) message {
	return message{To: "example/greeter/" + name, Type: "example/GreetRequest", Body: fmt.Sprintf(`{"name":%q}`, name)}
}

func (g *greetings) play(ctx context.Context, s *session) error {
	s.printf("\nsending three greetings to two people\n")
	for _, name := range greeted() {
		if err := s.send(ctx, greetingTo(name)); err != nil {
			return err
		}
	}
	return g.await(ctx, s, greeted())
}

// came prints a greeting and keeps the tally; one that repeats after a crash is
// passed over.
func (g *greetings) came(s *session, r record, note string) error {
	if r.topic == rejected {
		s.printf("  %s%s\n", rejection(r), note)
		return nil
	}
	if !g.note(greeting{r.sequence, r.text}) {
		return nil
	}
	s.printf("  %s%s\n", r.text, note)
	return g.save(g.data)
}

// rejection says in a line what was rejected, and why.
func rejection(r record) string {
	var letter struct {
		Target struct {
			ID string `json:"id"`
		} `json:"target"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(r.text), &letter); err != nil || letter.Reason == "" {
		return r.line("")
	}
	return fmt.Sprintf("rejected %s: %s", printable(letter.Target.ID), printable(letter.Reason))
}

// await waits for the answers to the greetings of people, and checks them.
func (g *greetings) await(ctx context.Context, s *session, people []string) error {
	limit := time.Now().Add(answerTime)
	for len(people) > 0 {
		r, err := s.next(ctx, topic, limit, strings.Join(people, ", "))
		if err != nil {
			s.leftovers(ctx, g, "") //nolint:errcheck // err says what is wrong; this may say why
			return err
		}
		name, err := g.check(greeting{r.sequence, r.text})
		if err != nil {
			return fmt.Errorf("%w (to begin again, remove %s and %s)", err, g.data, tallyFile(g.data))
		}
		s.printf("  %s\n", r.text)
		if err := g.save(g.data); err != nil {
			return err
		}
		if i := slices.Index(people, name); i >= 0 {
			people = slices.Delete(people, i, i+1)
		}
	}
	g.Loose = false
	return g.save(g.data)
}
