package reply

import "strings"

// Head is a request without its body, as a platform shows it. An adapter
// implements it on the platform's own type, so that only what is asked for is
// looked up.
type Head interface {
	// Method returns the HTTP method, in upper case.
	Method() string
	// Header returns the value of a header, whose name is given in canonical
	// form (Content-Type) and matches in any case; several values are joined
	// with a comma. It returns "" where there is none.
	Header(name string) string
	// Query returns the decoded value of the first query parameter of that
	// name, and "" where there is none.
	Query(name string) string
}

// check returns what is wrong with a head, and [Done] if nothing is.
func check(head Head) Outcome {
	switch {
	case head.Method() != "POST":
		return WrongMethod
	case !IsOctetStream(head.Header("Content-Type")):
		return WrongType
	case !identity(head.Header("Content-Encoding")):
		return WrongEncoding
	default:
		return Done
	}
}

// IsOctetStream tells whether a content type may carry a request: the right one
// in any case and with any parameters, or none.
func IsOctetStream(contentType string) bool {
	if contentType == OctetStream {
		return true
	}
	mediaType, _, parameters := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	return strings.EqualFold(mediaType, OctetStream) || mediaType == "" && !parameters
}

// identity tells whether a content encoding leaves the bytes as they are.
func identity(contentEncoding string) bool {
	if contentEncoding == "" {
		return true
	}
	for encoding := range strings.SplitSeq(contentEncoding, ",") {
		encoding = strings.TrimSpace(encoding)
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	return true
}
