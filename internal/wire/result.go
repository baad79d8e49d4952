package wire

import "google.golang.org/protobuf/encoding/protowire"

// A function's answer is written while the function runs: [BeginResult], then
// one Append call for each effect, in the order of the function's calls, then
// the mutations, then [EndResult]. The four lists of an InvocationResponse may
// interleave on the wire; a reader sees each list in its order. Cutting the
// answer back to an earlier length takes back everything appended since.

// BeginResult appends room for the head of a FromFunction that holds an
// InvocationResponse.
func BeginResult(dst []byte) []byte { return BeginResultOf(dst, 0) }

// BeginResultOf is [BeginResult] for a response of about size bytes. A guess
// with a length as long as the true one saves [EndResult] moving the response.
func BeginResultOf(dst []byte, size int) []byte {
	// A zero, written as long as the length will be.
	dst = append(dst, tag100...)
	for ; size >= 0x80; size >>= 7 {
		dst = append(dst, 0x80)
	}
	return append(dst, 0)
}

// EndResult fills in the head that was begun at start.
func EndResult(dst []byte, start int) []byte {
	head := start + len(tag100)
	body := head + 1
	for dst[body-1] >= 0x80 {
		body++
	}
	size := len(dst) - body
	if end := head + protowire.SizeVarint(uint64(size)); end != body { //nolint:gosec // a length is not negative
		dst = append(dst, make([]byte, max(end-body, 0))...)
		copy(dst[end:], dst[body:body+size])
		dst = dst[:end+size]
	}
	appendLen(dst[:head], size)
	return dst
}

// AppendMessage appends a FromFunction.Invocation.
func AppendMessage(dst []byte, v Version, to Address, val Value) []byte {
	target, arg := sizeAddress(to), sizeValue(v, val)
	dst = appendLen(append(dst, 2<<3|2), sizeMessage(target)+sizeMessage(arg))
	dst = appendAddress(append(dst, 1<<3|2), to)
	return AppendValue(appendLen(append(dst, 2<<3|2), arg), v, val)
}

// AppendForward appends a FromFunction.Invocation whose argument is already
// encoded.
func AppendForward(dst []byte, to Address, argument []byte) []byte {
	target := sizeAddress(to)
	dst = appendLen(append(dst, 2<<3|2), sizeMessage(target)+sizeMessage(len(argument)))
	dst = appendAddress(append(dst, 1<<3|2), to)
	return appendBlob(dst, 2, argument)
}

// AppendDelayed appends a FromFunction.DelayedInvocation. An empty token means
// none; version 2 has no tokens.
func AppendDelayed(dst []byte, v Version, millis int64, to Address, val Value, token string) []byte {
	target, arg := sizeAddress(to), sizeValue(v, val)
	size := sizeMessage(target) + sizeMessage(arg) + sizeText(token)
	if millis != 0 {
		size += 1 + protowire.SizeVarint(uint64(millis)) //nolint:gosec // int64 on the wire
	}
	dst = appendLen(append(dst, 3<<3|2), size)
	if millis != 0 {
		dst = protowire.AppendVarint(append(dst, 1<<3), uint64(millis)) //nolint:gosec // int64 on the wire
	}
	dst = appendAddress(append(dst, 2<<3|2), to)
	dst = AppendValue(appendLen(append(dst, 3<<3|2), arg), v, val)
	return appendText(dst, 11, token)
}

// AppendCancel appends the cancellation of a delayed message.
func AppendCancel(dst []byte, token string) []byte {
	dst = appendLen(append(dst, 3<<3|2), 2+sizeText(token))
	return appendText(append(dst, 10<<3, 1), 11, token)
}

// AppendEgress appends an EgressMessage.
func AppendEgress(dst []byte, v Version, namespace, name string, val Value) []byte {
	arg := sizeValue(v, val)
	dst = appendLen(append(dst, 4<<3|2), sizeText(namespace)+sizeText(name)+sizeMessage(arg))
	dst = appendText(dst, 1, namespace)
	dst = appendText(dst, 2, name)
	return AppendValue(appendLen(append(dst, 3<<3|2), arg), v, val)
}

// AppendModify appends a PersistedValueMutation that writes val. In version 2
// the stored bytes are an encoded Any, as the Python SDK stores them.
func AppendModify(dst []byte, v Version, name string, val Value) []byte {
	size := sizeValue(v, val)
	dst = appendLen(append(dst, 1<<3|2), 2+sizeText(name)+sizeMessage(size))
	dst = appendText(append(dst, 1<<3, byte(Modify)), 2, name)
	return AppendValue(appendLen(append(dst, 3<<3|2), size), v, val)
}

// AppendDelete appends a PersistedValueMutation that removes the value. Delete
// is the zero mutation type, so only the name is written.
func AppendDelete(dst []byte, name string) []byte {
	dst = appendLen(append(dst, 1<<3|2), sizeText(name))
	return appendText(dst, 2, name)
}

// AppendIncomplete appends a whole FromFunction that asks for missing states.
// The list must not be empty: the runtime would send the same request again,
// for ever.
func AppendIncomplete(dst []byte, missing []StateSpec) []byte {
	size := 0
	for i := range missing {
		size += sizeMessage(missing[i].size())
	}
	dst = appendHead(dst, tag101, size)
	for i := range missing {
		dst = missing[i].append(append(dst, 1<<3|2))
	}
	return dst
}

func (s *StateSpec) size() int {
	n := sizeText(s.Name) + sizeText(s.TypeName)
	if e := s.expirationSize(); e > 0 {
		n += sizeMessage(e)
	}
	return n
}

func (s *StateSpec) expirationSize() int {
	n := 0
	if s.Mode != ExpireNone {
		n += 1 + protowire.SizeVarint(uint64(s.Mode)) //nolint:gosec // int32 on the wire
	}
	if s.ExpireAfterMillis != 0 {
		n += 1 + protowire.SizeVarint(uint64(s.ExpireAfterMillis)) //nolint:gosec // int64 on the wire
	}
	return n
}

func (s *StateSpec) append(dst []byte) []byte {
	dst = appendText(appendLen(dst, s.size()), 1, s.Name)
	if e := s.expirationSize(); e > 0 {
		dst = appendLen(append(dst, 2<<3|2), e)
		if s.Mode != ExpireNone {
			dst = protowire.AppendVarint(append(dst, 1<<3), uint64(s.Mode)) //nolint:gosec // int32 on the wire
		}
		if s.ExpireAfterMillis != 0 {
			dst = protowire.AppendVarint(append(dst, 2<<3), uint64(s.ExpireAfterMillis)) //nolint:gosec // int64 on the wire
		}
	}
	return appendText(dst, 3, s.TypeName)
}
