package statefun

import (
	"errors"
	"fmt"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// decode reads the request, finds the function and the version, and checks all
// arguments and declared states, so that no user code runs for half a request.
func (b *batch) decode(request []byte) error {
	if len(request) == 0 {
		return malformed(errors.New("the request is empty"))
	}
	if err := b.req.Decode(request); err != nil {
		if errors.Is(err, wire.ErrTooMany) {
			return &Error{Code: CodeTooLarge, Index: -1, Err: err}
		}
		return malformed(fmt.Errorf("the request is no ToFunction: %w", err))
	}
	switch {
	case !b.req.HasBatch:
		return malformed(errors.New("the request holds no invocation (field 100)"))
	case b.req.Target.IsZero():
		return malformed(errors.New("the request has no target"))
	}
	name := TypeName{b.req.Target.Namespace, b.req.Target.Name}
	if b.fn == nil || b.fn.name != name { // not the function of this batch's last use
		if b.fn = b.h.functions[name]; b.fn == nil {
			return &Error{CodeUnknownFunction, name, -1, errors.New("no such function is registered here")}
		}
	}
	if err := b.decide(); err != nil {
		return err
	}
	if err := b.parseArguments(); err != nil {
		return b.explain(err)
	}
	b.bindStates()
	if err := b.loadStates(); err != nil {
		return b.explain(err)
	}
	return b.checkMissing()
}

func malformed(err error) error { return &Error{Code: CodeMalformed, Index: -1, Err: err} }

// decide sets the version of the protocol.
func (b *batch) decide() error {
	switch b.h.protocol {
	case V3:
		b.version = v3
	case V2:
		b.version = v2
	case Auto:
		verdict := wire.Detect(&b.req)
		b.version = v3
		if verdict.Version != v3 {
			b.version = v2
			b.h.warnExpiration()
		}
		if verdict.Mixed {
			b.h.log.Warn("the request mixes protocol versions: some function answers in the wrong one", "function", b.fn.name.String(), "taken_for", int(b.version))
		}
	}
	return nil
}

// parseArguments decodes all arguments. One that another function encoded in
// the other version of the protocol fails its own message alone, if the rest of
// the request shows that the version is right.
func (b *batch) parseArguments() error {
	right := false // the request has shown b.version; it is asked once
	for i := range b.req.Invocations {
		inv := &b.req.Invocations[i]
		arg := argument{}
		arg.value, arg.err = wire.ParseValue(b.version, inv.Argument)
		switch {
		case !inv.HasArgument:
			arg.err = errors.New("the message has no argument")
		case arg.err == nil:
		case errors.Is(arg.err, wire.ErrOtherVersion) && inv.HasCaller && (right || wire.Detect(&b.req).Version == b.version):
			right = true
			arg = argument{wire.Value{Data: inv.Argument}, fmt.Errorf("the message's %w: function %s/%s answers in the wrong version", arg.err, inv.Caller.Namespace, inv.Caller.Name)}
		default:
			return fmt.Errorf("message %d: %w", i, arg.err)
		}
		b.args = append(b.args, arg)
	}
	return nil
}

// explain makes an error of a value that does not parse. Where the request
// shows the other version of the protocol, that is the reason, and the option
// the cure.
func (b *batch) explain(err error) error {
	option := map[Protocol]string{V3: "V2", V2: "V3"}[b.h.protocol]
	verdict := wire.Detect(&b.req)
	if option != "" && verdict.Version != 0 && verdict.Version != b.version {
		doubt := ""
		if !verdict.Certain {
			doubt = " (or a function answered in the wrong version)"
		}
		err = fmt.Errorf("the request is of protocol version %d%s: set Options.Protocol to statefun.%s, or to statefun.Auto for both: %w", verdict.Version, doubt, option, err)
	}
	return &Error{CodeMalformed, b.fn.name, -1, err}
}

// bindStates makes one cell for each declared state.
func (b *batch) bindStates() {
	if n := len(b.fn.states); cap(b.cells) < n {
		b.cells = make([]cell, n)
	} else {
		b.cells = b.cells[:n]
	}
	for i, d := range b.fn.states {
		b.cells[i].decl = d
	}
}

// loadStates fills the cells from the request and lists what it lacks.
// Presence is by name; states that nobody declared are skipped.
func (b *batch) loadStates() error {
	b.missing = nil
	at := 0
	for i := range b.cells {
		c := &b.cells[i]
		s := b.findState(c.decl.spec.Name, at)
		if s < 0 {
			b.missing = append(b.missing, c.decl.spec)
			continue
		}
		at = s + 1 // a runtime sends them in one order
		if err := c.load(b.version, &b.req.States[s]); err != nil {
			return err
		}
	}
	return nil
}

// findState searches from a place on and then from the start.
func (b *batch) findState(name string, from int) int {
	for n := range b.req.States {
		i := from + n
		if i >= len(b.req.States) {
			i -= len(b.req.States)
		}
		if b.req.States[i].Name == name {
			return i
		}
	}
	return -1
}

// checkMissing refuses the handshake where there is none: a 2.x runtime would
// drop the batch without a word.
func (b *batch) checkMissing() error {
	if b.version == v3 || len(b.missing) == 0 {
		return nil
	}
	errs := make([]error, 0, len(b.missing))
	for _, s := range b.missing {
		errs = append(errs, fmt.Errorf("module.yaml lacks a state of this function: add `- name: %s` to its states", s.Name))
	}
	return &Error{CodeFailed, b.fn.name, -1, errors.Join(errs...)}
}
