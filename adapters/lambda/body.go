package statefunlambda

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
)

// bodyError is a body that cannot be the bytes that were sent. Its text goes to
// the caller, for it is about the configuration in front of the function.
type bodyError struct{ text string }

func (e *bodyError) Error() string { return e.text }

var (
	errMangled   = &bodyError{"the request body was mangled on the way: a REST API needs BinaryMediaTypes [\"*/*\"]"}
	errUnflagged = &bodyError{"the request body is base64, but the event says that it is not (isBase64Encoded is false)"}
)

// readBody returns the bytes of the request, in memory of their own.
func (e *event) readBody() ([]byte, error) {
	if e.body == nil || string(e.body) == "null" {
		return nil, nil
	}
	if e.body[0] != '"' {
		return nil, errors.New("the event's body is not a JSON string")
	}
	text := e.body[1 : len(e.body)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		unescaped, ok := unquote(e.body)
		if !ok {
			return nil, errors.New("the event's body is not a JSON string")
		}
		text = []byte(unescaped)
	}
	if string(e.isBase64Encoded) == "true" {
		return decodeBase64(text)
	}
	return plainBody(text)
}

// decodeBase64 decodes into memory of the result's size: whoever keeps a part
// of it keeps no more than the request.
func decodeBase64(text []byte) ([]byte, error) {
	body := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(body, text)
	if err != nil {
		return nil, fmt.Errorf("the event's body is not base64, although isBase64Encoded is true: %w", err)
	}
	return body[:n:n], nil
}

// plainBody returns a body that came as text. A request begins with the bytes
// A2 06, which are no UTF-8: an API that takes them for text puts U+FFFD in
// place of the first.
func plainBody(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\uFFFD\x06")) {
		return nil, errMangled
	}
	for _, head := range []string{"ogY", "ogZ", "oga", "ogb"} { // A2 06 in base64
		if bytes.HasPrefix(text, []byte(head)) {
			return nil, errUnflagged
		}
	}
	return bytes.Clone(text), nil
}
