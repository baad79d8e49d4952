package statefuntest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// However the messages are cut into batches, whoever goes first, and whichever
// protocol is spoken: the sum of the effects is the same.
func TestBatchingNeverChangesTheSumOfEffects(t *testing.T) {
	t.Parallel()
	ids := []string{"a", "b", "c"}
	for program := range uint64(8) {
		t.Run(fmt.Sprint(program), func(t *testing.T) {
			t.Parallel()
			var want string
			for seed := uint64(1); seed <= 8; seed++ {
				opts := &statefuntest.Options{Seed: seed, MaxBatch: int(seed % 4)}
				if seed > 6 {
					opts.Protocol = statefun.V2
				}
				r := statefuntest.New(t, labFunctions(), opts)
				rng := rand.New(rand.NewPCG(program, 1))
				for range 25 {
					send(r, Worker.Address(ids[rng.IntN(3)]), randomCommand(rng, 3))
					if rng.IntN(10) == 0 {
						r.Advance(time.Duration(rng.IntN(500)) * time.Millisecond)
					}
				}
				r.Advance(time.Minute)
				if got := sums(r, ids); want == "" {
					want = got
				} else if got != want {
					t.Fatalf("seed %d: %s, want %s", seed, got, want)
				}
			}
		})
	}
}

// randomCommand draws one whose effects do not depend on the order of arrival.
func randomCommand(rng *rand.Rand, depth int) string {
	switch n := rng.IntN(6); {
	case n < 2 || depth == 0:
		return "add"
	case n == 2:
		return fmt.Sprintf("print %d", rng.IntN(100))
	case n == 3:
		return "send lab/worker " + randomCommand(rng, depth-1)
	case n == 4:
		return "send lab/helper " + randomCommand(rng, depth-1)
	default:
		return fmt.Sprintf("wait %dms %s", rng.IntN(300), randomCommand(rng, depth-1))
	}
}

// sums is what is left when all is done.
func sums(r *statefuntest.Runtime, ids []string) string {
	printed := map[string]int{}
	for _, rec := range r.Records("lab/out") {
		printed[string(rec.Value)]++
	}
	s := fmt.Sprint(printed)
	for _, id := range ids {
		w, _ := statefuntest.State(r, Worker.Address(id), Count)
		h, _ := statefuntest.State(r, Helper.Address(id), Count)
		s += fmt.Sprintf(" %s=%d+%d", id, w, h)
	}
	return s
}
