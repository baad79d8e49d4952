package wire

// Request is a ToFunction: one batch of invocations for one address.
type Request struct {
	Target      Address
	HasTarget   bool
	HasBatch    bool // field 100 was there; without it the request is malformed
	States      []State
	Invocations []Invocation
}

// State is a ToFunction.PersistedValue.
type State struct {
	Name     string
	HasValue bool
	// Value is an encoded TypedValue in version 3. In version 2 it is opaque:
	// use [State.Opaque].
	Value []byte
	last  int // where the last occurrence of the field starts in Value
}

// Opaque returns the value as version 2 means it.
func (s *State) Opaque() []byte { return s.Value[s.last:] }

// Invocation is a ToFunction.Invocation. Argument is an encoded TypedValue or
// Any, see [ParseValue].
type Invocation struct {
	Caller      Address
	HasCaller   bool // false also where the caller came with all parts empty
	HasArgument bool
	Argument    []byte
}

// Decode reads b into r, which may be used again and keeps its slices. On
// error r holds no meaning. r is a view of b.
func (r *Request) Decode(b []byte) error {
	*r = Request{States: r.States[:0], Invocations: r.Invocations[:0]}
	f := fields{b: b}
	for f.next() {
		if f.tag == 100<<3|lenType {
			r.HasBatch = true
			f.fail("invocation batch", r.decodeBatch(f.data()))
		}
	}
	return f.err
}

func (r *Request) decodeBatch(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			r.HasTarget = true
			f.fail("target", decodeAddress(&r.Target, f.data()))
		case 2<<3 | lenType:
			element(&f, &r.States, MaxStates, "state", (*State).decode)
		case 3<<3 | lenType:
			element(&f, &r.Invocations, MaxInvocations, "invocation", (*Invocation).decode)
		}
	}
	return f.err
}

func (s *State) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			s.Name = f.text("name")
		case 2<<3 | lenType:
			s.HasValue, s.last = true, len(s.Value)
			s.Value = merge(s.Value, f.data())
		}
	}
	return f.err
}

func (i *Invocation) decode(b []byte) error {
	f := fields{b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | lenType:
			f.fail("caller", decodeAddress(&i.Caller, f.data()))
			i.HasCaller = !i.Caller.IsZero()
		case 2<<3 | lenType:
			i.HasArgument = true
			i.Argument = merge(i.Argument, f.data())
		}
	}
	return f.err
}

// AppendRequest appends the encoding of r to dst. Field 100 is always written,
// whatever HasBatch says.
func AppendRequest(dst []byte, r *Request) []byte {
	size := 0
	if r.HasTarget {
		size += sizeMessage(sizeAddress(r.Target))
	}
	for i := range r.States {
		size += sizeMessage(r.States[i].size())
	}
	for i := range r.Invocations {
		size += sizeMessage(r.Invocations[i].size())
	}
	dst = appendHead(dst, tag100, size)
	if r.HasTarget {
		dst = appendAddress(append(dst, 1<<3|2), r.Target)
	}
	for i := range r.States {
		dst = r.States[i].append(append(dst, 2<<3|2))
	}
	for i := range r.Invocations {
		dst = r.Invocations[i].append(append(dst, 3<<3|2))
	}
	return dst
}

func (s *State) size() int {
	n := sizeText(s.Name)
	if s.HasValue {
		n += sizeMessage(len(s.Value))
	}
	return n
}

func (s *State) append(dst []byte) []byte {
	dst = appendText(appendLen(dst, s.size()), 1, s.Name)
	if s.HasValue {
		dst = appendBlob(dst, 2, s.Value)
	}
	return dst
}

func (i *Invocation) size() int {
	n := 0
	if i.HasCaller {
		n += sizeMessage(sizeAddress(i.Caller))
	}
	if i.HasArgument {
		n += sizeMessage(len(i.Argument))
	}
	return n
}

func (i *Invocation) append(dst []byte) []byte {
	dst = appendLen(dst, i.size())
	if i.HasCaller {
		dst = appendAddress(append(dst, 1<<3|2), i.Caller)
	}
	if i.HasArgument {
		dst = appendBlob(dst, 2, i.Argument)
	}
	return dst
}
