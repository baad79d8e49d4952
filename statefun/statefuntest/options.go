package statefuntest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// Options configures [New] and [NewWithHandler]. A nil *Options and the zero
// value both mean the defaults.
type Options struct {
	// Handler configures the handler that New makes: middleware, dead letters,
	// logger. Its Protocol may be Auto; otherwise Options.Protocol decides. A
	// nil Logger logs to the test.
	Handler *statefun.Options

	// Protocol is the version that the runtime speaks: statefun.V3, the
	// default, or statefun.V2. Version 2 sends all states from the beginning;
	// they and their expiration are what the functions declare.
	Protocol statefun.Protocol

	// States are what a module file declares for a version 2 handler. Only
	// NewWithHandler needs them.
	States []DeclaredState

	// Egresses are the ids of the egresses that exist. Nil means that every
	// one does.
	Egresses []string

	// Seed decides how messages are cut into batches and which address goes
	// first. Zero takes a random one; a failed test prints it.
	Seed uint64

	// MaxBatch is the largest number of messages in one batch. Zero means no
	// limit: what waits is sometimes taken whole, sometimes in part.
	MaxBatch int

	// MaxSteps is the number of requests, and of messages that functions cause,
	// after which one call of Run, Advance or Try gives up, so that functions
	// that never stop sending fail the test instead of hanging it. Messages from
	// the test or to functions outside do not count. Zero means 100 000: more
	// than tests need, and used up in less than a second.
	MaxSteps int

	// Start is the time at which the clock stands at first. Zero means
	// 2030-01-01T00:00:00Z.
	Start time.Time
}

// DeclaredState is a state of a version 2 module file.
type DeclaredState struct {
	Function statefun.TypeName
	Name     string
	// ExpireAfterWrite and ExpireAfterCall let the value expire, as the options
	// of statefun.NewState do; at most one is set. Zero means never.
	ExpireAfterWrite, ExpireAfterCall time.Duration
}

func (d *DeclaredState) spec() wire.StateSpec {
	s := wire.StateSpec{Name: d.Name}
	switch {
	case d.ExpireAfterWrite != 0:
		s.Mode, s.ExpireAfterMillis = wire.ExpireAfterWrite, d.ExpireAfterWrite.Milliseconds()
	case d.ExpireAfterCall != 0:
		s.Mode, s.ExpireAfterMillis = wire.ExpireAfterInvoke, d.ExpireAfterCall.Milliseconds()
	}
	return s
}

// withDefaults returns a copy with all defaults filled in, or every mistake.
func (o *Options) withDefaults() (Options, error) {
	var errs []error
	opts := Options{}
	if o != nil {
		opts = *o
	}
	if opts.Protocol != statefun.V3 && opts.Protocol != statefun.V2 {
		errs = append(errs, errors.New("Options.Protocol: the runtime speaks V3 or V2; let Options.Handler.Protocol be Auto to test that"))
	}
	if opts.MaxBatch < 0 || opts.MaxSteps < 0 {
		errs = append(errs, errors.New("Options.MaxBatch and Options.MaxSteps must not be negative"))
	}
	for i, d := range opts.States {
		if d.ExpireAfterWrite != 0 && d.ExpireAfterCall != 0 {
			errs = append(errs, fmt.Errorf("Options.States[%d] expires in two ways", i))
		}
	}
	if opts.Seed == 0 {
		opts.Seed = rand.Uint64N(1<<32-1) + 1 //nolint:gosec // for tests, not for secrets
	}
	if opts.MaxBatch == 0 {
		opts.MaxBatch = 1 << 30
	}
	if opts.MaxSteps == 0 {
		opts.MaxSteps = 100_000
	}
	if opts.Start.IsZero() {
		opts.Start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return opts, errors.Join(errs...)
}
