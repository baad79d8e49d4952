package lambdalocal

import (
	"encoding/base64"
	"strings"
)

// mediaType returns the type of a Content-Type or an Accept, without its
// parameters and in lower case; of a list it is the first.
func mediaType(header string) string {
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	return strings.ToLower(strings.TrimSpace(first))
}

// matchesMedia reports whether a media type is one of patterns, which may have
// an asterisk for a part. A header that is missing counts as JSON.
func matchesMedia(patterns []string, header string) bool {
	kind := orDefault(mediaType(header), "application/json")
	for _, pattern := range patterns {
		pattern = strings.ToLower(pattern)
		prefix, isWild := strings.CutSuffix(pattern, "*")
		if pattern == "*/*" || pattern == kind || isWild && strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// isText reports whether HTTP APIs and load balancers hand a body on as text:
// all others are base64, forms and bodies without a type among them.
func isText(contentType string) bool {
	switch kind := mediaType(contentType); kind {
	case "application/json", "application/xml", "application/javascript":
		return true
	default:
		return strings.HasPrefix(kind, "text/")
	}
}

// encodeBody returns a body as an event has it. As text it loses what is no
// UTF-8: each such byte becomes U+FFFD.
func encodeBody(body []byte, isBinary bool) (text string, isBase64 bool) {
	if isBinary {
		return base64.StdEncoding.EncodeToString(body), true
	}
	return string([]rune(string(body))), false
}
