package statefun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/statefun-go/statefun-go/internal/wire"
)

const (
	v2 = wire.V2
	v3 = wire.V3
)

// Handler answers the requests of a StateFun runtime: bytes in, bytes out. It
// is immutable and serves any number of goroutines at once. An adapter puts it
// behind HTTP, AWS Lambda or Google Cloud Functions.
type Handler struct {
	functions  map[TypeName]*function
	protocol   Protocol
	deadLetter DeadLetterPolicy
	batch      BatchFunc   // the middleware around runBatch; nil without any
	message    MessageFunc // the middleware around runFunction; nil without any
	log        *slog.Logger
	pool       sync.Pool // of *batch
	warnExpire sync.Once
}

// New returns a Handler for the functions, or every mistake of the
// registration, joined. opts may be nil.
func New(fns []Function, opts *Options) (*Handler, error) {
	if opts == nil {
		opts = &Options{}
	}
	h := &Handler{
		functions:  make(map[TypeName]*function, len(fns)),
		protocol:   opts.Protocol,
		deadLetter: opts.DeadLetter,
		log:        opts.Logger,
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.pool.New = func() any { return &batch{h: h} }
	errs := []error{opts.check()}
	if len(fns) == 0 {
		errs = append(errs, errors.New("statefun: no functions: give New at least one"))
	}
	for _, f := range fns {
		errs = append(errs, h.add(f))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := h.wrap(opts); err != nil {
		return nil, err
	}
	if h.protocol == V2 {
		h.warnExpiration()
	}
	return h, nil
}

// MustNew is [New] for programs that cannot start without their functions: it
// panics on an error.
func MustNew(fns []Function, opts *Options) *Handler {
	h, err := New(fns, opts)
	if err != nil {
		panic(err)
	}
	return h
}

func (h *Handler) add(f Function) error {
	if err := f.check(); err != nil {
		return err
	}
	if h.functions[f.d.name] != nil {
		return fmt.Errorf("statefun: function %v is defined twice", f.d.name)
	}
	h.functions[f.d.name] = &function{definition: f.d, tokenPrefix: f.d.name.String() + "|"}
	return nil
}

// wrap builds the two chains of middleware, once.
func (h *Handler) wrap(opts *Options) error {
	if len(opts.Batch) > 0 {
		h.batch = runBatch
		for i, around := range slices.Backward(opts.Batch) {
			if h.batch = around(h.batch); h.batch == nil {
				return fmt.Errorf("statefun: Options.Batch[%d] returned a nil BatchFunc", i)
			}
		}
	}
	if len(opts.Message) > 0 {
		h.message = runFunction
		for i, around := range slices.Backward(opts.Message) {
			if h.message = around(h.message); h.message == nil {
				return fmt.Errorf("statefun: Options.Message[%d] returned a nil MessageFunc", i)
			}
		}
	}
	return nil
}

// Append runs one batch and appends the encoded answer to dst.
//
// request is an encoded ToFunction; the answer is an encoded FromFunction. The
// messages of a batch run in order, one at a time, on the caller's goroutine;
// a later one sees the state that an earlier one wrote. Where the request
// lacks declared states, the answer asks for them and no message runs.
//
// The same request gets the same bytes, if the functions are deterministic:
// effects are in the order of the calls, mutations and state specs in the
// order of declaration.
//
// Errors: every error is an [*Error], see [CodeOf]. On error dst is returned
// as it was, and nothing that the functions did has left.
//
// Ownership: Append owns request from now on; ids, strings and values that
// functions keep are views of it, so it must never be written or reused. The
// caller owns the result. dst may be nil.
//
// ctx ends the batch before its next message. Append recovers panics of user
// code; after runtime.Goexit in it, it does not return.
//
// Source: request-reply.proto of StateFun 3.3 and http-function.proto of 2.2.
func (h *Handler) Append(ctx context.Context, dst, request []byte) ([]byte, error) {
	b := h.pool.Get().(*batch) //nolint:errcheck,forcetypeassert // the pool holds nothing else
	answer, err := b.serve(ctx, dst, request)
	// Not deferred: after Goexit the batch is abandoned, not reused.
	if !b.left {
		b.release()
		h.pool.Put(b)
	}
	if err != nil {
		return dst, err
	}
	return answer, nil
}

// warnExpiration says, once, what version 2 wants in module.yaml.
func (h *Handler) warnExpiration() {
	h.warnExpire.Do(func() {
		var lines []string
		for _, f := range h.functions {
			for _, s := range f.states {
				if s.spec.Mode != wire.ExpireNone {
					lines = append(lines, f.name.String()+": states: ["+expireYAML(s)+"]")
				}
			}
		}
		if len(lines) > 0 {
			slices.Sort(lines)
			h.log.Warn("protocol version 2 takes the expiration of states from module.yaml and not from code", "write", strings.Join(lines, "; "))
		}
	})
}

func expireYAML(s *stateDecl) string {
	mode := "after-write"
	if s.spec.Mode == wire.ExpireAfterInvoke {
		mode = "after-invoke"
	}
	return fmt.Sprintf("{name: %s, expireAfter: %dms, expireMode: %s}", s.spec.Name, s.spec.ExpireAfterMillis, mode)
}
