package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFifo(t *testing.T) {
	t.Parallel()
	var q fifo[int]
	var model []int
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		if grow := i < 10_000; len(model) == 0 || rng.IntN(5) < 2 == !grow {
			q.push(i)
			model = append(model, i)
		} else {
			if q.first() != model[0] || q.pop() != model[0] {
				t.Fatalf("step %d: wrong element", i)
			}
			model = model[1:]
		}
		if q.len() != len(model) {
			t.Fatalf("step %d: length %d, want %d", i, q.len(), len(model))
		}
	}
}

func TestHeap(t *testing.T) {
	t.Parallel()
	h := heap[int]{less: func(a, b int) bool { return a < b }}
	var model []int
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		switch n := rng.IntN(100); {
		case n == 0:
			keep := func(v int) bool { return v%3 != 0 }
			h.filter(keep)
			model = slices.DeleteFunc(model, func(v int) bool { return !keep(v) })
		case len(model) == 0 || n > 33:
			v := rng.IntN(100)
			h.push(v)
			at, _ := slices.BinarySearch(model, v)
			model = slices.Insert(model, at, v)
		default:
			if got := h.pop(); got != model[0] {
				t.Fatalf("got %d, want %d", got, model[0])
			}
			model = model[1:]
		}
		if h.len() != len(model) || h.len() > 0 && h.top() != model[0] {
			t.Fatal("the top is wrong")
		}
	}
}
