package statefunhttp

import (
	"sync"
	"time"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// gate counts the requests that run. It lets no more in than its limit, and
// none once it drains.
type gate struct {
	limit int

	mu       sync.Mutex
	running  int
	draining bool
	idle     chan struct{} // closed when the gate drains and nothing runs
	refused  int           // for want of room, since the last report
	reported time.Time
}

func newGate(limit int) *gate {
	return &gate{limit: limit, idle: make(chan struct{})}
}

// enter returns [reply.Done] if a request may run; the caller owes a leave.
// Otherwise it returns how to answer.
func (g *gate) enter() reply.Outcome {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.draining:
		return reply.Draining
	case g.running >= g.limit:
		g.refused++
		return reply.Overloaded
	default:
		g.running++
		return reply.Done
	}
}

// leave ends what a successful enter began.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	if g.draining && g.running == 0 {
		close(g.idle)
	}
}

// drain lets nobody in from now on. The channel is closed when nothing runs
// any more. It may be called once.
func (g *gate) drain() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draining = true
	if g.running == 0 {
		close(g.idle)
	}
	return g.idle
}

// state returns how many requests run, and whether the gate drains.
func (g *gate) state() (running int, draining bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.draining
}

// overload returns how many requests were refused for want of room since it
// last did, and zero if that was less than a second ago: a log must not add to
// an overload.
func (g *gate) overload(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.reported) < time.Second {
		return 0
	}
	n := g.refused
	g.refused, g.reported = 0, now
	return n
}
