package lambdalocal

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Errors of an invocation that did not reach the function. Match them with
// [errors.Is].
var (
	// ErrClosed reports that the Lambda has been closed.
	ErrClosed = errors.New("lambdalocal: closed")
	// ErrThrottled reports that all environments are busy; see Options.Throttle.
	ErrThrottled = errors.New("lambdalocal: all environments are busy")
	// ErrTooLarge reports an event above [MaxEvent].
	ErrTooLarge = errors.New("lambdalocal: the event is larger than 6291456 bytes")
)

// seat is a bootstrap that waits for its next invocation.
type seat struct {
	env   *environment
	offer chan *invocation
	gone  chan struct{} // closed when it waits no more
}

// deliver hands an invocation over. It returns false where nobody waits any
// more.
func (s *seat) deliver(i *invocation) bool {
	select {
	case s.offer <- i:
		return true
	case <-s.gone:
		return false
	}
}

// pool knows who waits: bootstraps for invocations, or invocations for
// bootstraps.
type pool struct {
	mu       sync.Mutex
	room     int // environments that may still be started
	throttle bool
	idle     []*seat      // the last one has worked most recently
	waiting  []chan *seat // the first one has waited longest
	closed   bool
}

// take returns a seat, at once or when there is one. Without a seat and without
// an error the caller may start an environment, and must, or say leave.
//
// The most recent seat goes first, as on Lambda: those that are not needed stay
// untouched.
func (p *pool) take(ctx context.Context) (*seat, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		s.env.thaw()
		p.mu.Unlock()
		return s, nil
	}
	if err := p.refuse(); err != nil || p.room > 0 {
		if err == nil {
			p.room--
		}
		p.mu.Unlock()
		return nil, err
	}
	turn := make(chan *seat, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	return p.wait(ctx, turn)
}

// refuse says why nobody may come or wait. The caller holds mu.
func (p *pool) refuse() error {
	switch {
	case p.closed:
		return ErrClosed
	case p.throttle && p.room == 0:
		return ErrThrottled
	}
	return nil
}

// wait waits for a turn, which is closed at the end of the pool.
func (p *pool) wait(ctx context.Context, turn chan *seat) (*seat, error) {
	select {
	case s, ok := <-turn:
		if !ok {
			return nil, ErrClosed
		}
		return s, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	i := slices.Index(p.waiting, turn)
	if i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 { // it has just come
		if s, ok := <-turn; ok && s != nil {
			p.put(s)
		} else if ok {
			p.leave()
		}
	}
	return nil, context.Cause(ctx)
}

// put gives a seat to whoever waits longest. Where nobody waits, it is idle, and
// its environment may freeze.
func (p *pool) put(s *seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if turn := p.next(); turn != nil {
		turn <- s
		return
	}
	p.idle = append(p.idle, s)
	s.env.freeze()
}

// leave says that an environment has ended, or was not started after all.
func (p *pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if turn := p.next(); turn != nil {
		turn <- nil // leave to start another one
		return
	}
	p.room++
}

// next returns the turn of whoever waits longest, or nil. The caller holds mu.
func (p *pool) next() chan *seat {
	if len(p.waiting) == 0 {
		return nil
	}
	turn := p.waiting[0]
	p.waiting = slices.Delete(p.waiting, 0, 1)
	return turn
}

// withdraw ends a seat.
func (p *pool) withdraw(s *seat) {
	p.mu.Lock()
	if i := slices.Index(p.idle, s); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	close(s.gone)
}

// close refuses all that wait and will come.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, turn := range p.waiting {
		close(turn)
	}
	p.waiting, p.idle = nil, nil
}
