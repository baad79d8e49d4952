package statefunhttp

import (
	"net/http"
	"net/url"
	"strings"
)

// head shows an [http.Request] to package reply.
type head struct{ r *http.Request }

func (h head) Method() string { return h.r.Method }

func (h head) Header(name string) string {
	values := h.r.Header.Values(name)
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(values, ",")
}

// Query looks for one parameter only: of the others, some of which may not
// even parse, nothing is wanted.
func (h head) Query(name string) string {
	for pair := range strings.SplitSeq(h.r.URL.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if unescaped, err := url.QueryUnescape(key); err != nil || unescaped != name {
			continue
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			return unescaped
		}
		return ""
	}
	return ""
}
