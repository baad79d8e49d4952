package statefun_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// Metamorphic tests: relations between answers, over random batches.

// randomTexts makes messages of which some fail terminally.
func randomTexts(r *rand.Rand, n int) []wire.Value {
	var list []wire.Value
	for i := range n {
		s := fmt.Sprintf("m%d", i)
		if r.IntN(5) == 0 {
			s = "terminal " + s
		}
		if r.IntN(8) == 0 {
			s += strings.Repeat(" long", r.IntN(100))
		}
		list = append(list, text(s))
	}
	return list
}

// summary is what an answer does, without its grouping into answers: the
// effects in order, and the last write of each state.
type summary struct {
	messages, delayed, egress []string
	state                     map[string]string
}

func (s *summary) add(a *wire.Answer) {
	for _, m := range a.Messages {
		s.messages = append(s.messages, fmt.Sprintf("%v %x", m.Target, m.Argument))
	}
	for _, d := range a.Delayed {
		s.delayed = append(s.delayed, fmt.Sprintf("%v %v %q %d %x", d.Target, d.Cancel, d.Token, d.DelayMillis, d.Argument))
	}
	for _, e := range a.Egresses {
		s.egress = append(s.egress, fmt.Sprintf("%s/%s %x", e.Namespace, e.Name, e.Argument))
	}
	for _, m := range a.Mutations {
		s.state[m.Name] = fmt.Sprintf("%d %x", m.Type, m.Value)
	}
}

func (s *summary) String() string {
	return fmt.Sprintf("%q %q %q %v", s.messages, s.delayed, s.egress, s.state)
}

// runSplit runs messages in batches that end before the given positions, with
// the state carried from one to the next, as a runtime does.
func runSplit(t *testing.T, h *statefun.Handler, messages []wire.Value, ends []int) *summary {
	t.Helper()
	sum := &summary{state: map[string]string{}}
	states := slices.Clone(fresh)
	start := 0
	for _, end := range append(ends, len(messages)) {
		a := serve(t, h, batchOf(states, messages[start:end]...))
		start = end
		sum.add(a)
		for _, m := range a.Mutations {
			i := slices.IndexFunc(states, func(s wire.State) bool { return s.Name == m.Name })
			states[i] = wire.State{Name: m.Name, HasValue: m.Type == wire.Modify, Value: m.Value}
		}
	}
	return sum
}

// However a run of messages is cut into batches, the sum of the effects is the
// same; a batch of n equals n batches of one with the state carried.
func TestSplittingChangesNothing(t *testing.T) {
	t.Parallel()
	h := newWorker(t, &statefun.Options{DeadLetter: statefun.DeadLetterFunction(other)})
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		messages := randomTexts(r, 1+r.IntN(20))
		want := runSplit(t, h, messages, nil).String()
		single := make([]int, len(messages)-1)
		for i := range single {
			single[i] = i + 1
		}
		random := slices.DeleteFunc(slices.Clone(single), func(int) bool { return r.IntN(3) > 0 })
		for name, ends := range map[string][]int{"one by one": single, "random": random} {
			if got := runSplit(t, h, messages, ends).String(); got != want {
				t.Fatalf("seed %d, %s:\n%s\nwant\n%s", seed, name, got, want)
			}
		}
	}
}

// The same request gets the same bytes, from any goroutine, whatever ran on
// the pooled insides before.
func TestPooledInsidesLeakNothing(t *testing.T) {
	t.Parallel()
	h := newWorker(t, &statefun.Options{DeadLetter: statefun.DeadLetterFunction(other)})
	r := rand.New(rand.NewPCG(7, 7))
	var requests, answers [][]byte
	for range 20 {
		request := batchOf(fresh, randomTexts(r, 1+r.IntN(30))...)
		answer, err := h.Append(context.Background(), nil, bytes.Clone(request))
		if err != nil {
			t.Fatal(err)
		}
		requests, answers = append(requests, request), append(answers, answer)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 9))
			for range 200 {
				i := r.IntN(len(requests))
				prefix := bytes.Repeat([]byte("p"), r.IntN(4))
				got, err := h.Append(context.Background(), prefix, bytes.Clone(requests[i]))
				if err != nil || !bytes.Equal(got, append(prefix, answers[i]...)) {
					t.Errorf("request %d: %x, %v", i, got, err)
				}
				if _, err := h.Append(context.Background(), nil, batchOf(fresh, text("a"), text("error"))); err == nil {
					t.Error("no error")
				}
			}
		})
	}
	wg.Wait()
}
