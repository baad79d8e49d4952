package semantics

import "strings"

// unset is the typename that the runtime gives to a state without one.
const unset = "io.statefun.types/unset"

// canonicalTypeName reads the typename of a state as the runtime does: split
// at slashes, trailing empty parts dropped, and then two parts are left. So
// "a/b/" is "a/b", "/b" has an empty namespace, and "a", "a/" and "a/b/c" are
// none. An empty typename is [unset].
//
// Only states are read so; the typenames of messages are free text.
//
// Source: TypeName.parseFrom of StateFun 3.3, which uses Java's String.split.
func canonicalTypeName(s string) (string, bool) {
	if s == "" {
		return unset, true
	}
	s = strings.TrimRight(s, "/")
	i := strings.IndexByte(s, '/')
	return s, i >= 0 && strings.IndexByte(s[i+1:], '/') < 0
}
