package wire

import (
	"bytes"
	"unicode/utf8"
)

// Verdict is what [Detect] finds out about the version of a request.
type Verdict struct {
	// Version is V2 or V3, or 0 where nothing in the request decides.
	Version Version
	// Certain is set where an argument that the runtime itself encoded shows
	// the version.
	Certain bool
	// Mixed is set where other evidence in the request contradicts Version:
	// somewhere a function answers in the wrong version.
	Mixed bool
}

// Detect weighs the evidence for a request's version, strongest first:
// arguments of messages without a caller, which the runtime encoded; state
// values; arguments of messages with a caller, which another function encoded
// and a 2.x runtime passes on unchanged.
//
// The result depends on the request's bytes alone, so that the same request
// always gets the same answer.
func Detect(r *Request) Verdict {
	var ingress, states, callers tally
	for i := range r.Invocations {
		inv := &r.Invocations[i]
		if inv.HasCaller {
			callers.add(argumentVersion(inv.Argument))
		} else {
			ingress.add(argumentVersion(inv.Argument))
		}
	}
	for i := range r.States {
		states.add(stateVersion(&r.States[i]))
	}
	var all tally
	verdict := Verdict{}
	for rank, t := range []tally{ingress, states, callers} {
		if verdict.Version == 0 && t.first != 0 {
			verdict.Version, verdict.Certain = t.first, rank == 0
		}
		all.v2, all.v3 = all.v2 || t.v2, all.v3 || t.v3
	}
	verdict.Mixed = all.v2 && all.v3
	return verdict
}

// tally collects the verdicts of one kind of evidence.
type tally struct {
	first  Version
	v2, v3 bool
}

func (t *tally) add(v Version) {
	if t.first == 0 {
		t.first = v
	}
	t.v2 = t.v2 || v == V2
	t.v3 = t.v3 || v == V3
}

// argumentVersion tells a TypedValue from an Any: field 2 is a varint in the
// one and bytes in the other, and only the one has a field 3. With field 1
// alone, or nothing, it cannot be told.
func argumentVersion(b []byte) Version {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 2<<3 | varintType, 3<<3 | lenType:
			return V3
		case 2<<3 | lenType:
			return V2
		}
	}
	return 0
}

// stateVersion judges a state's value. A TypedValue has exactly the fields 1
// (a typename with a slash), 2 = 1 and perhaps 3; whatever else it is was
// stored by a 2.x function.
func stateVersion(s *State) Version {
	if len(s.Value) == 0 {
		return 0
	}
	var name, has, value int
	f := fields{b: s.Value}
	for f.next() {
		switch {
		case f.tag == 1<<3|lenType && utf8.Valid(f.data()) && bytes.IndexByte(f.data(), '/') >= 0:
			name++
		case f.tag == 2<<3|varintType && f.num == 1:
			has++
		case f.tag == 3<<3|lenType:
			value++
		default:
			return V2
		}
	}
	if f.err == nil && name == 1 && has == 1 && value <= 1 {
		return V3
	}
	return V2
}
