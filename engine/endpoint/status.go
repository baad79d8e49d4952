package endpoint

import (
	"net/http"
	"strings"

	"github.com/statefun-go/statefun-go/engine"
)

// mediaType is the content type of requests and answers.
const mediaType = "application/octet-stream"

// statusKind classes a status outside of 2xx.
func (c *Client) statusKind(status int) engine.Kind {
	if c.async || status >= http.StatusInternalServerError {
		return engine.KindRetry
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, 420, http.StatusTooManyRequests, 499,
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return engine.KindRetry
	default:
		return engine.KindFatal
	}
}

// contentKind classes an answer of 2xx with another content type.
func (c *Client) contentKind() engine.Kind {
	if c.async {
		return engine.KindRetry
	}
	return engine.KindFatal
}

// accepts reports whether an answer may have this content type.
func (c *Client) accepts(contentType string) bool {
	if contentType == mediaType {
		return true
	}
	if !c.async {
		return false
	}
	for part := range strings.SplitSeq(contentType, ",") {
		if strings.EqualFold(strings.TrimSpace(part), mediaType) {
			return true
		}
	}
	return false
}
