package lambdalocal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func newSeat() *seat {
	return &seat{env: &environment{options: &Options{}}, offer: make(chan *invocation), gone: make(chan struct{})}
}

// taken takes a seat that must be there.
func taken(t *testing.T, p *pool) *seat {
	t.Helper()
	s, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPoolOrder(t *testing.T) {
	t.Parallel()
	p := &pool{}
	first, second, third := newSeat(), newSeat(), newSeat()
	for _, s := range []*seat{first, second, third} {
		p.put(s)
	}
	p.withdraw(second)
	if second.deliver(nil) {
		t.Error("a seat that is gone takes an invocation")
	}
	if taken(t, p) != third || taken(t, p) != first {
		t.Error("the last one that was put must be taken first, and none that is gone")
	}
}

func TestPoolWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pool{room: 1}
		if taken(t, p) != nil {
			t.Error("there is room to start an environment")
		}
		got := make(chan *seat, 2)
		failed := make(chan error, 2)
		ctx, cancel := context.WithCancel(t.Context())
		wait := func(ctx context.Context) {
			s, err := p.take(ctx)
			if err != nil {
				failed <- err
				return
			}
			got <- s
		}
		go wait(ctx)
		synctest.Wait()
		go wait(t.Context())
		synctest.Wait()
		s := newSeat()
		p.put(s)
		if <-got != s {
			t.Error("not the seat that was put")
		}
		cancel()
		p.leave()
		if <-got != nil {
			t.Error("an environment that ends is leave to start another")
		}
		go wait(t.Context())
		synctest.Wait()
		p.close()
		if err := <-failed; !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := p.take(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

// TestPoolGivesBack checks that nothing is lost with a caller that leaves in the
// moment in which its turn comes.
func TestPoolGivesBack(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		for _, given := range []*seat{nil, newSeat()} {
			p := &pool{}
			turn := make(chan *seat, 1)
			turn <- given
			s, err := p.wait(ctx, turn) // by chance it sees either first
			if err != nil && given != nil && len(p.idle) != 1 {
				t.Fatal("the seat is lost")
			}
			if err != nil && given == nil && p.room != 1 {
				t.Fatal("the leave is lost")
			}
			if err == nil && s != given {
				t.Fatal("another seat")
			}
		}
	}
}
