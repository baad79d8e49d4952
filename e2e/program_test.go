package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
)

var seed = flag.Uint64("seed", 20, "of the random program")

var program = application{
	functions: "program/*",
	inputs:    []input{{"commands", commandType.Name(), []string{worker.String()}}},
	egress:    "program/out",
	outputs:   []string{"reports"},
}

// author writes random commands and counts what they must lead to.
type author struct {
	random *rand.Rand
	ids    int
	tokens int
	want   map[string]tally // by address
}

// longest is the delay of what is cancelled: had it not been, it would still
// come while the test waits.
const longest = 4 * time.Second

// write returns commands for random workers.
func (a *author) write(t *testing.T, n int) []kafka.Record {
	t.Helper()
	var records []kafka.Record
	for range n {
		id := strconv.Itoa(a.random.IntN(a.ids))
		text, err := json.Marshal(a.command(worker.Address(id).String(), id, 3))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, kafka.Record{Topic: "commands", Key: id, Value: string(text)})
	}
	return records
}

// command returns a command that address, with its id, will get and that leads
// to others, up to a depth.
func (a *author) command(address, id string, depth int) command {
	c := command{Add: a.random.Int64N(1000) - 300}
	t := a.want[address]
	t.Commands++
	t.Sum += c.Add
	a.want[address] = t
	if depth == 0 {
		return c
	}
	for range a.random.IntN(4) {
		c.Steps = append(c.Steps, a.steps(id, depth)...)
	}
	return c
}

// steps returns one to four steps that belong together.
func (a *author) steps(self string, depth int) []step {
	s := step{To: strconv.Itoa(a.random.IntN(a.ids)), Clerk: a.random.IntN(3) == 0}
	if a.random.IntN(4) == 0 {
		s.To = self
	}
	if a.random.IntN(5) == 0 {
		return a.takenBack(s, depth)
	}
	switch a.random.IntN(4) {
	case 0:
		s.After = 1 + a.random.Int64N(1500)
	case 1:
		s.After, s.Token = 1+a.random.Int64N(1500), a.token()
	}
	s.Then = a.command(s.address(), s.To, depth-1)
	return []step{s}
}

// takenBack sends something and cancels it; then the same token serves again.
func (a *author) takenBack(s step, depth int) []step {
	s.After, s.Token = longest.Milliseconds(), a.token()
	s.Then = command{Add: 1 << 40} // nobody counts it
	again := s
	again.After = 1 + a.random.Int64N(1500)
	again.Then = a.command(s.address(), s.To, depth-1)
	cancel := step{Cancel: true, Token: s.Token}
	return []step{cancel, s, cancel, again} // the first finds nothing
}

func (a *author) token() string {
	a.tokens++
	return "t" + strconv.Itoa(a.tokens)
}

func (s step) address() string {
	if s.Clerk {
		return clerk.Address(s.To).String()
	}
	return worker.Address(s.To).String()
}

// tallied compares the reports with what must have been: of each instance the
// numbers 1, 2, 3 ... in order, and in the end the sum.
func (a *author) tallied(w *world) {
	w.t.Helper()
	w.await(a.total())
	w.pause(longest) // for what was taken back
	w.settle()
	got := byKey(w.seen)
	for name := range got {
		if _, ok := a.want[strings.TrimPrefix(name, "reports/")]; !ok {
			w.t.Errorf("%s reports %q and has got nothing", name, got[name])
		}
	}
	for _, address := range slices.Sorted(maps.Keys(a.want)) {
		w.check(address, got["reports/"+address], a.want[address])
	}
}

// total is how many commands there are in all.
func (a *author) total() int {
	n := 0
	for _, t := range a.want {
		n += int(t.Commands)
	}
	return n
}

func (w *world) check(address string, values []string, want tally) {
	w.t.Helper()
	var last tally
	for i, value := range values {
		if _, err := fmt.Sscanf(value, "%d %d", &last.Commands, &last.Sum); err != nil || last.Commands != int64(i+1) {
			w.t.Errorf("%s: report %d is %q: %v", address, i+1, value, err)
			return
		}
	}
	if last != want {
		w.t.Errorf("%s ends with %+v, want %+v", address, last, want)
	}
}

func newAuthor(t *testing.T, ids int) *author {
	t.Helper()
	t.Logf("seed %d", *seed)
	return &author{random: rand.New(rand.NewPCG(*seed, 1)), ids: ids, want: map[string]tally{}}
}

// programs is scenario 9: random commands, with what they lead to counted
// exactly.
var programs = scenario{name: "program", application: program, functions: programFunctions, drive: runProgram}

func runProgram(w *world) {
	a := newAuthor(w.t, 1500)
	w.send(a.write(w.t, 1000))
	a.tallied(w)
}

func TestProgram(t *testing.T) {
	t.Parallel()
	programs.on(t, flink3("async"), flink3("okhttp"), embedded())
}
