package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options are the parts and the limits of an engine. Zero values of the limits
// mean the defaults; negative ones are errors.
type Options struct {
	Functions []Function
	Ingresses []Ingress
	Egresses  []EgressBinding

	// OnFailure is the failure policy.
	OnFailure Policy
	// Logger gets what people should know: failing functions, what recovery
	// found. Nil means nobody.
	Logger *slog.Logger
	// DrainTimeout is how long [Engine.Run] waits for calls in flight when it
	// is told to end. 10 s by default.
	DrainTimeout time.Duration

	// FunctionMessages is how many messages may wait for one function type
	// before [Sink.Send] to it blocks and its due timers are held back. 100 000
	// by default. Messages between functions always pass.
	FunctionMessages int
	// AddressMessages is how many messages may wait for one address before
	// [Sink.Send] to it blocks. 10 000 by default.
	AddressMessages int
	// MessageBytes is how many bytes of waiting messages are kept in memory;
	// the others are read from the store when their turn comes. 64 MiB by
	// default.
	MessageBytes int
	// GroupBytes is how large a group of the log grows while the one before it
	// is being written; then calls and ingresses wait for the disk. 32 MiB by
	// default.
	GroupBytes int
	// CacheBytes is how much state of addresses without work is kept in memory.
	// 64 MiB by default.
	CacheBytes int
	// RequestBytes ends a batch: a request carries no second message that would
	// make its messages larger than this. 4 MiB by default.
	RequestBytes int
	// FirstBackoff is the pause after the first failed attempt, doubled with
	// each further one up to MaxBackoff. 4 ms by default, Flink's.
	FirstBackoff time.Duration
	// MaxBackoff is 10 s by default.
	MaxBackoff time.Duration
	// SweepInterval is how often expired state of addresses that get no messages
	// any more is looked for and removed from the disk. 10 min by default.
	SweepInterval time.Duration
}

// withDefaults returns a copy with the defaults filled in, or all mistakes.
func (o *Options) withDefaults() (Options, error) {
	c := Options{}
	if o != nil {
		c = *o
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	err := errors.Join(
		setDefault("DrainTimeout", &c.DrainTimeout, 10*time.Second),
		setDefault("FunctionMessages", &c.FunctionMessages, 100_000),
		setDefault("AddressMessages", &c.AddressMessages, 10_000),
		setDefault("MessageBytes", &c.MessageBytes, 64<<20),
		setDefault("GroupBytes", &c.GroupBytes, 32<<20),
		setDefault("CacheBytes", &c.CacheBytes, 64<<20),
		setDefault("RequestBytes", &c.RequestBytes, 4<<20),
		setDefault("FirstBackoff", &c.FirstBackoff, 4*time.Millisecond),
		setDefault("MaxBackoff", &c.MaxBackoff, 10*time.Second),
		setDefault("SweepInterval", &c.SweepInterval, 10*time.Minute),
	)
	if c.OnFailure != Retry && c.OnFailure != Flink {
		err = errors.Join(err, fmt.Errorf("engine: OnFailure is %d, which is no policy", c.OnFailure))
	}
	for i, in := range c.Ingresses {
		if in == nil {
			err = errors.Join(err, fmt.Errorf("engine: ingress %d is nil", i))
		}
	}
	return c, err
}

func setDefault[T int | time.Duration](name string, field *T, value T) error {
	switch {
	case *field < 0:
		return fmt.Errorf("engine: %s is %v: it must not be negative", name, *field)
	case *field == 0:
		*field = value
	}
	return nil
}

// bindings finds the binding of a function type: an exact one first, then the
// one of its namespace.
type bindings struct {
	exact      map[TypeName]*Function
	namespaces map[string]*Function
}

func bindFunctions(list []Function) (bindings, error) {
	b := bindings{make(map[TypeName]*Function, len(list)), make(map[string]*Function)}
	var mistakes []error
	for i := range list {
		f := list[i]
		mistakes = append(mistakes, f.withDefaults())
		var taken bool
		if f.Name == "*" {
			_, taken = b.namespaces[f.Namespace]
			b.namespaces[f.Namespace] = &f
		} else {
			name := TypeName{f.Namespace, f.Name}
			_, taken = b.exact[name]
			b.exact[name] = &f
		}
		if taken {
			mistakes = append(mistakes, fmt.Errorf("engine: function %s/%s is bound twice", f.Namespace, f.Name))
		}
	}
	return b, errors.Join(mistakes...)
}

func (b bindings) find(namespace, name string) *Function {
	if f := b.exact[TypeName{namespace, name}]; f != nil {
		return f
	}
	return b.namespaces[namespace]
}

func (f *Function) withDefaults() error {
	where := "function " + f.Namespace + "/" + f.Name + ": "
	err := errors.Join(
		setDefault(where+"MaxInFlight", &f.MaxInFlight, DefaultMaxInFlight),
		setDefault(where+"Budget", &f.Budget, DefaultBudget),
	)
	if f.MaxBatch == 0 {
		f.MaxBatch = DefaultMaxBatch
	}
	if f.Caller == nil {
		err = errors.Join(err, fmt.Errorf("engine: %shas no Caller", where))
	}
	return err
}
