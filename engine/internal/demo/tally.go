package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tally is what the demo knows of the greetings: it finds the ones that repeat,
// that are missing, and that count wrong. It is kept from run to run.
type tally struct {
	Last   map[string]int `json:"last"`   // the last count of each person
	Record uint64         `json:"record"` // the number of the last record
	// Loose is set once a person has done what the counts do not show: taken
	// records, or greeted one person under the id of another. Then the next run
	// cannot know where the counts begin, only that they go up.
	Loose bool `json:"loose,omitempty"`

	began map[string]bool // people whose count was checked in this run
}

// greeting is a record of the topic.
type greeting struct {
	sequence uint64
	text     string // "Hello Ann, visit 3"
}

// note takes a record that a person has caused, or an earlier run. It reports
// false for one that has come before, as it may after a crash.
func (t *tally) note(g greeting) bool {
	if g.sequence <= t.Record {
		return false
	}
	name, count, err := parseGreeting(g.text)
	if err != nil || g.sequence != t.Record+1 || count != t.Last[name]+1 {
		t.Loose = true
	} else {
		t.Last[name] = count
	}
	t.Record = g.sequence
	return true
}

// check takes an answer to the demo's own greetings, whose count must be right.
func (t *tally) check(g greeting) (name string, err error) {
	name, count, err := parseGreeting(g.text)
	if err != nil {
		return "", err
	}
	known := t.Last[name]
	switch {
	case g.sequence <= t.Record:
		return "", fmt.Errorf("record %d comes after record %d: the egress has begun again", g.sequence, t.Record)
	case count <= known:
		return "", fmt.Errorf("%q comes after visit %d: state was lost, or a message counted twice", g.text, known)
	case count != known+1 && (!t.Loose || t.began[name]):
		return "", fmt.Errorf("%q comes after visit %d: greetings are missing", g.text, known)
	}
	if t.began == nil {
		t.began = map[string]bool{}
	}
	t.Last[name], t.Record, t.began[name] = count, g.sequence, true
	return name, nil
}

// parseGreeting reads "Hello Ann, visit 3".
func parseGreeting(text string) (name string, count int, err error) {
	name, after, found := strings.Cut(strings.TrimPrefix(text, "Hello "), ", visit ")
	if _, scanErr := fmt.Sscanf(after, "%d", &count); !found || scanErr != nil || !strings.HasPrefix(text, "Hello ") {
		return "", 0, fmt.Errorf("%q is no greeting", text)
	}
	return name, count, nil
}

// tallyFile is beside the data directory, which belongs to the engine.
func tallyFile(data string) string { return filepath.Clean(data) + ".seen.json" }

// loadTally reads what the last run saw; nothing, where the data is new.
func loadTally(data string) (*tally, error) {
	t := &tally{Last: map[string]int{}}
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	b, err := os.ReadFile(tallyFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(b, t)
	}
	if err != nil {
		return nil, fmt.Errorf("what earlier runs saw: %w (remove %s to begin again)", err, tallyFile(data))
	}
	return t, nil
}

func (t *tally) save(data string) error {
	b, err := json.Marshal(t)
	if err == nil {
		err = os.WriteFile(tallyFile(data), append(b, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("note what was seen: %w", err)
	}
	return nil
}
