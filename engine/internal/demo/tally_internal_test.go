package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func hello(sequence uint64, name string, visit int) greeting {
	return greeting{sequence, fmt.Sprintf("Hello %s, visit %d", name, visit)}
}

func TestTallyCheck(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		tally tally
		come  []greeting
		want  string // a part of the error of the last one
	}{
		"from the beginning": {tally{}, []greeting{hello(1, "Ann", 1), hello(2, "Bob", 1), hello(3, "Ann", 2)}, ""},
		"going on": {
			tally{Last: map[string]int{"Ann": 4, "Bob": 1}, Record: 5},
			[]greeting{hello(6, "Bob", 2), hello(7, "Ann", 5), hello(8, "Ann", 6)},
			"",
		},
		"state lost":            {tally{Last: map[string]int{"Ann": 4}, Record: 5}, []greeting{hello(6, "Ann", 1)}, "state was lost"},
		"counted twice":         {tally{}, []greeting{hello(1, "Ann", 1), hello(2, "Ann", 1)}, "counted twice"},
		"one is missing":        {tally{}, []greeting{hello(1, "Ann", 1), hello(2, "Ann", 3)}, "missing"},
		"missing at the start":  {tally{}, []greeting{hello(1, "Ann", 2)}, "missing"},
		"all lost":              {tally{Last: map[string]int{"Ann": 4}, Record: 5}, []greeting{hello(1, "Ann", 1)}, "begun again"},
		"loose":                 {tally{Last: map[string]int{"Ann": 4}, Record: 5, Loose: true}, []greeting{hello(9, "Ann", 7), hello(10, "Ann", 8)}, ""},
		"loose, but only once":  {tally{Last: map[string]int{"Ann": 4}, Record: 5, Loose: true}, []greeting{hello(9, "Ann", 7), hello(10, "Ann", 9)}, "missing"},
		"loose, but state lost": {tally{Last: map[string]int{"Ann": 4}, Record: 5, Loose: true}, []greeting{hello(9, "Ann", 4)}, "state was lost"},
		"no greeting":           {tally{}, []greeting{{1, "Good-bye Ann"}}, "no greeting"},
	} {
		if row.tally.Last == nil {
			row.tally.Last = map[string]int{}
		}
		var err error
		for _, g := range row.come {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			_, err = row.tally.check(g)
		}
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

func TestTallyNote(t *testing.T) {
	t.Parallel()
	y := &tally{Last: map[string]int{"Ann": 4, "Bob": 2}, Record: 6}
	if y.note(hello(6, "Bob", 2)) {
		t.Error("a repeated record is new")
	}
	if !y.note(hello(7, "Ann", 5)) || y.Loose || y.Last["Ann"] != 5 {
		t.Errorf("after one that fits: %+v", y)
	}
	// Somebody greets Bob under Ann's id: the count is Ann's.
	if !y.note(hello(8, "Bob", 6)) || !y.Loose || y.Last["Bob"] != 2 {
		t.Errorf("after one that does not: %+v", y)
	}
	if !y.note(greeting{9, "Good-bye"}) || y.Record != 9 {
		t.Errorf("after a text of another kind: %+v", y)
	}
}

func TestTallyIsKept(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	y := &tally{Last: map[string]int{"Ann": 4}, Record: 6, Loose: true}
	if err := y.save(data); err != nil {
		t.Fatal(err)
	}
	if again, err := loadTally(data); err != nil || again.Record != 0 {
		t.Errorf("without data: %+v, %v", again, err)
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if again, err := loadTally(data); err != nil || again.Record != 6 || again.Last["Ann"] != 4 || !again.Loose {
		t.Errorf("with data: %+v, %v", again, err)
	}
	if err := os.WriteFile(tallyFile(data), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadTally(data); err == nil || !strings.Contains(err.Error(), "remove") {
		t.Errorf("broken: %v", err)
	}
}
