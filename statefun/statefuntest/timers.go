package statefuntest

import (
	"container/heap"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// timers are the delayed messages that wait. They fire in the order of their
// due times, and those of one millisecond in the order of sending.
type timers struct {
	queue  timerHeap
	tokens map[tokenKey]*timer
	added  int
}

// timer is a delayed message. A cancelled one stays in the queue, dead.
type timer struct {
	semantics.Timer
	sender wire.Address
	number int
	dead   bool
}

// tokenKey is the place of a token: the sender's id, whatever its type.
type tokenKey struct{ id, token string }

func (q *timers) add(sender wire.Address, t semantics.Timer) {
	q.added++
	x := &timer{Timer: t, sender: sender, number: q.added}
	heap.Push(&q.queue, x)
	if t.Token == "" {
		return
	}
	if q.tokens == nil {
		q.tokens = map[tokenKey]*timer{}
	}
	q.tokens[tokenKey{sender.ID, t.Token}] = x
}

func (q *timers) pending(id, token string) bool { return q.tokens[tokenKey{id, token}] != nil }

func (q *timers) cancel(id, token string) {
	key := tokenKey{id, token}
	if t := q.tokens[key]; t != nil {
		t.dead = true
		delete(q.tokens, key)
	}
}

// pop removes the first message that is due at now, and frees its token.
func (q *timers) pop(now int64) (*timer, bool) {
	if due, ok := q.next(); !ok || due > now {
		return nil, false
	}
	t := heap.Pop(&q.queue).(*timer) //nolint:errcheck,forcetypeassert // the heap holds nothing else
	if t.Token != "" {
		delete(q.tokens, tokenKey{t.sender.ID, t.Token})
	}
	return t, true
}

// next returns when the first message is due.
func (q *timers) next() (due int64, ok bool) {
	for q.queue.Len() > 0 && q.queue.items[0].dead {
		heap.Pop(&q.queue)
	}
	if q.queue.Len() == 0 {
		return 0, false
	}
	return q.queue.items[0].Due, true
}

// waiting counts the messages.
func (q *timers) waiting() (n int) {
	for _, t := range q.queue.items {
		if !t.dead {
			n++
		}
	}
	return n
}

// timerHeap is a heap by due time and number.
type timerHeap struct{ items []*timer }

// Len, Less, Swap, Push and Pop are for container/heap.

func (h *timerHeap) Len() int { return len(h.items) }

func (h *timerHeap) Less(i, j int) bool {
	a, b := h.items[i], h.items[j]
	return a.Due < b.Due || a.Due == b.Due && a.number < b.number
}

func (h *timerHeap) Swap(i, j int) { h.items[i], h.items[j] = h.items[j], h.items[i] }

func (h *timerHeap) Push(x any) {
	h.items = append(h.items, x.(*timer)) //nolint:errcheck,forcetypeassert // add pushes nothing else
}

func (h *timerHeap) Pop() any {
	last := len(h.items) - 1
	t := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	return t
}
