package playground

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/engine"
)

// vendor comes before a typename in a content type.
const vendor = "application/vnd."

// stringType is the typename of a StringWrapper, which holds the text in its
// field 1 (types.proto).
const stringType = "io.statefun.types/string"

// parsePath reads /<namespace>/<name>/<id>. Each part is unescaped by itself,
// so that it may hold a slash; slashes at the end are ignored, as Flink's
// playground does.
func parsePath(escaped string) (engine.Address, error) {
	parts := strings.Split(strings.TrimRight(strings.TrimPrefix(escaped, "/"), "/"), "/")
	if len(parts) != 3 {
		return engine.Address{}, &clientError{
			http.StatusBadRequest,
			fmt.Sprintf("the path has %d parts instead of three: /<namespace>/<function>/<id>, with %%2F for a slash inside of one", len(parts)),
		}
	}
	for i, name := range []string{"namespace", "function", "id"} {
		part, err := url.PathUnescape(parts[i])
		switch {
		case err != nil || !utf8.ValidString(part):
			return engine.Address{}, &clientError{http.StatusBadRequest, "the " + name + " is not percent-encoded UTF-8"}
		case part == "":
			return engine.Address{}, &clientError{http.StatusBadRequest, "the " + name + " is empty: /<namespace>/<function>/<id>"}
		}
		parts[i] = part
	}
	if strings.Contains(parts[1], "/") || strings.Trim(parts[1], ".") == "" { // it may become a part of a URL
		return engine.Address{}, &clientError{http.StatusBadRequest, "the name of a function has no slash, and not only dots"}
	}
	return engine.Address{Namespace: parts[0], Name: parts[1], ID: parts[2]}, nil
}

// parseValue makes a value of a body and its content type. The value keeps the
// body.
func parseValue(contentType []string, body []byte) (engine.Value, error) {
	header := strings.Join(contentType, ", ")
	if name, ok := strings.CutPrefix(header, vendor); ok {
		if name == "" || !utf8.ValidString(name) {
			return engine.Value{}, &clientError{
				http.StatusBadRequest,
				"the content type names no type: " + vendor + "<namespace>/<type>",
			}
		}
		return engine.Value{TypeName: name, Has: true, Data: body}, nil
	}
	if isText(header) {
		if !utf8.Valid(body) {
			return engine.Value{}, &clientError{
				http.StatusUnsupportedMediaType,
				"the body is no text in UTF-8: name its type with Content-Type: " + vendor + "<namespace>/<type>",
			}
		}
		return engine.Value{TypeName: stringType, Has: true, Data: wrapString(body)}, nil
	}
	if !isWrappedString(body) {
		return engine.Value{}, &clientError{http.StatusUnsupportedMediaType, fmt.Sprintf(
			"content type %q says nothing about the type of the message: write %s<namespace>/<type>, or text/plain for a string", header, vendor)}
	}
	return engine.Value{TypeName: stringType, Has: true, Data: body}, nil
}

// isText reports whether a content type means plain text. The form type is
// what curl -d sends with whatever it is given.
func isText(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "text/plain" || media == "application/x-www-form-urlencoded")
}

// wrapString encodes text as a StringWrapper; the empty text has no bytes.
func wrapString(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	out := make([]byte, 0, 1+protowire.SizeBytes(len(text)))
	return protowire.AppendBytes(protowire.AppendTag(out, 1, protowire.BytesType), text)
}

// isWrappedString reports whether b decodes as a StringWrapper.
func isWrappedString(b []byte) bool {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || number == 1 && kind != protowire.BytesType {
			return false
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return false
		}
		if number == 1 {
			if text, _ := protowire.ConsumeBytes(b[n:]); !utf8.Valid(text) {
				return false
			}
		}
		b = b[n+size:]
	}
	return true
}
