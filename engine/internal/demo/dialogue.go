package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// dialogue is the demo.yaml of an example: what to send, and what must come out.
// In its texts $RUN stands for something else in each run, so that a run does
// not meet what an earlier one has left. It implements [script].
type dialogue struct {
	// Modules are the module files, relative to the example; module.yaml where
	// none are named.
	Modules []string `yaml:"modules"`
	// Flags are for the example's program.
	Flags []string `yaml:"flags"`
	// Dialogue is said line by line. Records that are expected one right after
	// the other may come in any order.
	Dialogue []line `yaml:"dialogue"`

	run string // the value of $RUN
}

// line is one of three things.
type line struct {
	Say    string   `yaml:"say"` // to the person who looks on
	Send   *message `yaml:"send"`
	Expect *answer  `yaml:"expect"`
}

// message goes to the ingress.
type message struct {
	To   string `yaml:"to"`   // namespace/name/id
	Type string `yaml:"type"` // the typename
	Body string `yaml:"body"`
}

// String returns the message as one line that people can read.
func (m *message) String() string {
	return strings.TrimRight(m.To+" "+m.Type+" "+printable(m.Body), " ")
}

// answer is a record that must come out.
type answer struct {
	Topic string `yaml:"topic"`
	Key   string `yaml:"key"`
	Value string `yaml:"value"` // * stands for any bytes
}

// loadDialogue reads examples/<name>/demo.yaml.
func loadDialogue(dir string) (*dialogue, error) {
	file := filepath.Join(dir, "demo.yaml")
	data, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, fmt.Errorf("no demo for this example: %w", err)
	}
	d := &dialogue{
		Modules: []string{"module.yaml"},
		// Six letters until 2038.
		run: strconv.FormatInt(time.Now().Unix(), 36),
	}
	data = bytes.ReplaceAll(data, []byte("$RUN"), []byte(d.run))
	if err := yaml.UnmarshalWithOptions(data, d, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

func (d *dialogue) check() error {
	sends := 0
	for i, l := range d.Dialogue {
		kinds := 0
		for _, is := range []bool{l.Say != "", l.Send != nil, l.Expect != nil} {
			if is {
				kinds++
			}
		}
		if kinds != 1 {
			return fmt.Errorf("line %d of the dialogue must be one of say, send and expect", i+1)
		}
		if l.Send != nil {
			sends++
			if strings.Count(l.Send.To, "/") != 2 {
				return fmt.Errorf("to: %q: write namespace/name/id", l.Send.To)
			}
		}
	}
	if sends == 0 {
		return errors.New("the dialogue sends nothing")
	}
	return nil
}

func (d *dialogue) needs() needs {
	n := needs{modules: d.Modules, flags: d.Flags}
	for _, l := range d.Dialogue {
		if l.Send != nil {
			n.functions = append(n.functions, l.Send.To[:strings.LastIndex(l.Send.To, "/")])
		}
		if l.Expect != nil {
			n.topics = append(n.topics, l.Expect.Topic)
		}
	}
	slices.Sort(n.functions)
	slices.Sort(n.topics)
	n.functions, n.topics = slices.Compact(n.functions), slices.Compact(n.topics)
	return n
}

// came shows a record that nobody waits for.
func (d *dialogue) came(s *session, r record, note string) error {
	s.printf("  ← %s\n", r.line(note))
	return nil
}

// invitation is the first message that has an answer.
func (d *dialogue) invitation() message {
	var last message
	for i, l := range d.Dialogue {
		if l.Send != nil {
			last = *l.Send
			if i+1 < len(d.Dialogue) && d.Dialogue[i+1].Expect != nil {
				break
			}
		}
	}
	return last
}

func (d *dialogue) play(ctx context.Context, s *session) error {
	for i := 0; i < len(d.Dialogue); i++ {
		switch l := d.Dialogue[i]; {
		case l.Send != nil:
			s.printf("  → %s\n", l.Send)
			if err := s.send(ctx, *l.Send); err != nil {
				return err
			}
		case l.Expect != nil:
			var together []answer
			for ; i < len(d.Dialogue) && d.Dialogue[i].Expect != nil; i++ {
				together = append(together, *d.Dialogue[i].Expect)
			}
			i--
			if err := d.await(ctx, s, together); err != nil {
				return err
			}
		default:
			s.printf("\n%s\n", l.Say)
		}
	}
	return nil
}

// await waits for all of the answers, and for no others.
func (d *dialogue) await(ctx context.Context, s *session, answers []answer) error {
	limit := time.Now().Add(answerTime)
	for len(answers) > 0 {
		r, err := s.next(ctx, answers[0].Topic, limit, answers[0].Value)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(answers, func(a answer) bool { return a.matches(r) })
		switch {
		case i >= 0:
			answers = slices.Delete(answers, i, i+1)
			err = d.came(s, r, "")
		case strings.Contains(r.key+r.text, d.run):
			err = fmt.Errorf("topic %s: %s has come out, want %q with key %s", r.topic, r.line(""), answers[0].Value, answers[0].Key)
		default:
			err = d.came(s, r, " (from before)")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) matches(r record) bool {
	if a.Topic != r.topic || a.Key != r.key {
		return false
	}
	parts, text := strings.Split(a.Value, "*"), r.text
	for i, part := range parts {
		at := strings.Index(text, part)
		if i == len(parts)-1 {
			at = len(text) - len(part)
		}
		if at < 0 || i == 0 && at > 0 || !strings.HasPrefix(text[at:], part) {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
