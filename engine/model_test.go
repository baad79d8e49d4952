package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// step is a message of the model test: a tree of what its receiver does. Each
// step of a run has its own number.
type step struct {
	Number   int
	Sends    []branch `json:",omitempty"`
	Delays   []branch `json:",omitempty"`
	Egresses []string `json:",omitempty"` // queues
}

// branch is a step that goes to an address, after a delay.
type branch struct {
	ID     string
	Millis int64 `json:",omitempty"`
	Step   step
}

// performer is the function of the model test. It notes the steps that it took
// in its state, in order, and fails now and then.
func performer(t testing.TB, rng *lockedRand) callFunc {
	return func(_ context.Context, r *wire.Request) ([]byte, error) {
		if m := missing(r, wire.StateSpec{Name: "steps"}); m != nil {
			return m, nil
		}
		<-time.After(time.Duration(rng.intN(5)) * time.Millisecond)
		if rng.intN(4) == 0 {
			return nil, &engine.CallError{Err: fmt.Errorf("a failure of %s", r.Target.ID)}
		}
		steps, a := state(t, r, "steps"), newAnswer()
		for i := range r.Invocations {
			var s step
			if err := json.Unmarshal([]byte(argument(t, &r.Invocations[i])), &s); err != nil {
				t.Error(err)
			}
			steps += strconv.Itoa(s.Number) + " "
			perform(a, &s)
		}
		return a.set("steps", steps).end()
	}
}

func perform(a *answer, s *step) {
	for i, b := range s.Sends {
		a.send(fn(b.ID), encode(s.Sends[i].Step))
	}
	for i, b := range s.Delays {
		a.after(time.Duration(b.Millis)*time.Millisecond, fn(b.ID), encode(s.Delays[i].Step), "")
	}
	for _, queue := range s.Egresses {
		a.egress(queue, strconv.Itoa(s.Number))
	}
}

func encode(s step) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// world is the reference model: what must come of the steps that were accepted,
// whatever the order in which addresses take turns.
type world struct {
	steps  map[string][]int // by address
	egress map[string][]int // by queue
}

func (w *world) accept(id string, s *step) {
	w.steps[id] = append(w.steps[id], s.Number)
	for _, queue := range s.Egresses {
		w.egress[queue] = append(w.egress[queue], s.Number)
	}
	for _, list := range [][]branch{s.Sends, s.Delays} {
		for i := range list {
			w.accept(list[i].ID, &list[i].Step)
		}
	}
}

var (
	modelIDs    = []string{"a", "b", "c", ""}
	modelQueues = []string{"q1", "q2"}
)

// stepGen draws a tree of steps and numbers them.
func stepGen(t *rapid.T, number *int, depth int) step {
	*number++
	s := step{Number: *number}
	s.Egresses = rapid.SliceOfN(rapid.SampledFrom(modelQueues), 0, 2).Draw(t, "egresses")
	if depth == 0 {
		return s
	}
	for range rapid.IntRange(0, 3).Draw(t, "sends") {
		id := rapid.SampledFrom(modelIDs).Draw(t, "target")
		s.Sends = append(s.Sends, branch{ID: id, Step: stepGen(t, number, depth-1)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "delays") {
		id := rapid.SampledFrom(modelIDs).Draw(t, "target")
		millis := rapid.Int64Range(0, 20).Draw(t, "millis")
		s.Delays = append(s.Delays, branch{ID: id, Millis: millis, Step: stepGen(t, number, depth-1)})
	}
	return s
}

// TestModel runs random steps against the reference model, with crashes that
// lose any part of what was not synced. Every acknowledged step happens exactly
// once with all that follows from it, an unacknowledged one at most once, and
// every egress record keeps its number.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		crashes := rapid.IntRange(0, 3).Draw(rt, "crashes")
		var rounds [][]branch
		number := 0
		for range crashes + 1 {
			var round []branch
			for range rapid.IntRange(1, 6).Draw(rt, "messages") {
				id := rapid.SampledFrom(modelIDs).Draw(rt, "target")
				round = append(round, branch{ID: id, Step: stepGen(rt, &number, 2)})
			}
			rounds = append(rounds, round)
		}
		synctest.Test(t, func(t *testing.T) {
			if err := playModel(t, rounds, seed); err != nil {
				rt.Error(err)
			}
		})
	})
}

func playModel(t *testing.T, rounds [][]branch, seed uint64) error {
	rng := &lockedRand{rng: rand.New(rand.NewPCG(seed, 0))}
	fs := vfs.NewCrashableMem()
	acked := &world{map[string][]int{}, map[string][]int{}}
	unsure := &world{map[string][]int{}, map[string][]int{}}
	shown := map[string]string{} // records seen before a crash, by queue and number
	opts := engine.Options{GroupBytes: 4096, CacheBytes: 1500, MessageBytes: 200, FunctionMessages: 8, RequestBytes: 300, FirstBackoff: 200 * time.Microsecond}
	for i, round := range rounds {
		a := start(t, slowSync(fs, rng), performer(t, rng), opts)
		results := make(chan func(), len(round))
		var crashed atomic.Bool
		for _, b := range round {
			go func() {
				err := a.engine.Send(t.Context(), engine.Address{Namespace: "test", Name: "fn", ID: b.ID},
					engine.Value{TypeName: "test/step", Has: true, Data: []byte(encode(b.Step))})
				early := !crashed.Load()
				results <- func() {
					if err == nil && early {
						acked.accept(b.ID, &b.Step)
					} else {
						unsure.accept(b.ID, &b.Step)
					}
				}
			}()
		}
		if last := i == len(rounds)-1; last {
			<-time.After(5 * time.Minute)
			synctest.Wait()
		} else {
			<-time.After(time.Duration(rng.intN(20_000)) * time.Microsecond)
			if err := checkShown(a, shown, rng.intN(2) == 0); err != nil {
				return err
			}
			crashed.Store(true)
			fs = rng.crash(fs)
			a.mustStop()
		}
		for range round {
			(<-results)()
		}
		if i == len(rounds)-1 {
			defer a.mustStop()
			return checkWorld(a, acked, unsure, shown)
		}
	}
	return nil
}

// checkShown compares the records that an outbox shows with those seen earlier.
func checkShown(a *fixture, shown map[string]string, release bool) error {
	for _, queue := range modelQueues {
		var taken []engine.Delivery
		for {
			d, ok, err := a.out.Take(queue)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			key := fmt.Sprint(queue, " ", d.Sequence)
			if before, ok := shown[key]; ok && before != string(d.Value) {
				return fmt.Errorf("record %s was %s and is %s", key, before, d.Value)
			}
			shown[key] = string(d.Value)
			taken = append(taken, d)
		}
		for _, d := range taken {
			if release {
				a.out.Release(d)
			} else if err := a.out.Remove(d); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkWorld(a *fixture, acked, unsure *world, shown map[string]string) error {
	for _, id := range modelIDs {
		stored, err := a.store.Get(store.StateKey(fn(id), "steps"))
		var steps []string
		if err == nil {
			cell, err := store.ParseCell(stored)
			if err != nil {
				return err
			}
			v, err := wire.ParseValue(wire.V3, cell.Value)
			if err != nil {
				return err
			}
			steps = strings.Fields(string(v.Data))
		}
		if err := checkNumbers("address "+id, steps, acked.steps[id], unsure.steps[id]); err != nil {
			return err
		}
	}
	if err := checkShown(a, shown, false); err != nil {
		return err
	}
	for _, queue := range modelQueues {
		var records []string
		for n := 1; ; n++ {
			value, ok := shown[fmt.Sprint(queue, " ", n)]
			if !ok {
				break
			}
			records = append(records, value)
		}
		if err := checkNumbers("queue "+queue, records, acked.egress[queue], unsure.egress[queue]); err != nil {
			return err
		}
	}
	return nil
}

// checkNumbers wants all of must and nothing but those and may, each as often
// as it is there.
func checkNumbers(where string, got []string, must, may []int) error {
	count := map[string]int{}
	for _, s := range got {
		count[s]++
	}
	want := map[string]int{}
	for _, n := range must {
		want[strconv.Itoa(n)]++
	}
	optional := map[string]int{}
	for _, n := range may {
		optional[strconv.Itoa(n)]++
	}
	for s, n := range want {
		if count[s] != n {
			return fmt.Errorf("%s: step %s happened %d times instead of %d: %v", where, s, count[s], n, got)
		}
	}
	for s, n := range count {
		if want[s] == 0 && n != optional[s] {
			return fmt.Errorf("%s: step %s happened %d times instead of at most %d: %v", where, s, n, optional[s], got)
		}
	}
	return nil
}

// slowSync gives the log of the store a disk that takes its time.
func slowSync(fs vfs.FS, rng *lockedRand) vfs.FS {
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind { //nolint:exhaustive // the others are quick
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			if strings.HasSuffix(op.Path, ".log") {
				<-time.After(time.Duration(rng.intN(3000)) * time.Microsecond)
			}
		}
		return nil
	}))
}

// lockedRand is a random generator for many goroutines.
type lockedRand struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// crash returns what is on the disk after a loss of power now.
func (r *lockedRand) crash(fs *vfs.MemFS) *vfs.MemFS {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.rng.IntN(101), RNG: r.rng})
}

func (r *lockedRand) intN(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rng.IntN(n)
}
