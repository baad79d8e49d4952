package engine_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/statefun-go/statefun-go/internal/vectors"
)

// TestRecordings plays what Flink 3.3 did to the engine under policy flink: the
// recorded answers in place of a function, the recorded messages from outside
// at their times. Each next request of an address must be the recorded one, and
// the end the same. Recordings about the transport are played over sockets to
// an [endpoint.Client], the others in virtual time. What is not played, and
// where the engine differs, stands in recordings_tables_test.go.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for i, scenarios := 0, loadRecordings(t); i < len(scenarios); i++ {
		s := &scenarios[i]
		if covers(unplayedRecordings, s.Name) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if verdict := playRecording(t, s); verdict != "" {
				t.Error(verdict)
			}
		})
	}
}

func loadRecordings(t *testing.T) []vectors.Scenario {
	t.Helper()
	scenarios, err := vectors.Load(vectors.Flink33)
	if err != nil {
		t.Fatal(err)
	}
	return scenarios
}

// playRecording says how the recording and the engine differ, but for what the
// table of differences says; empty for not at all.
func playRecording(t *testing.T, s *vectors.Scenario) (verdict string) {
	t.Helper()
	if covers(socketRecordings, s.Name) {
		for pace := int64(10); pace > 0; pace /= 2 { // slower, if the machine is too busy
			p := newPlayer(t, s)
			p.overSockets(pace)
			if verdict = p.verdict(); verdict == "" {
				break
			}
		}
		return verdict
	}
	synctest.Test(t, func(t *testing.T) { verdict = newPlayer(t, s).verdict() })
	return verdict
}

// TestRecordingTables finds entries that say nothing: a recording that could be
// played is listed as one that cannot, or nothing has the name.
func TestRecordingTables(t *testing.T) {
	t.Parallel()
	scenarios := loadRecordings(t)
	exists := func(pattern string) bool {
		return slices.ContainsFunc(scenarios, func(s vectors.Scenario) bool { return matches(pattern, s.Name) })
	}
	for _, table := range [][]recordingGroup{unplayedRecordings, socketRecordings} {
		for _, g := range table {
			if !exists(g.name) || g.reason == "" {
				t.Errorf("%q stands for no recording, or has no reason", g.name)
			}
		}
	}
	for name := range recordingDifferences {
		if !exists(name) || covers(unplayedRecordings, name) {
			t.Errorf("the difference %q stands for no recording that is played", name)
		}
	}
	for i := range scenarios {
		s := &scenarios[i]
		if covers(unplayedRecordings, s.Name) && playRecording(t, s) == "" {
			t.Errorf("%s is listed as unplayed, and can be played", s.Name)
		}
	}
}

// TestRecordingsDocument looks on docs/differences.md for the row of each
// recording that the engine treats otherwise.
func TestRecordingsDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range recordingDifferences {
		row := fmt.Sprintf("| `flink-3.3.0/%s` | %s | %s | %s |\n", name, d.flink, d.ours, d.why)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/differences.md lacks this row:\n%s", row)
		}
	}
}
