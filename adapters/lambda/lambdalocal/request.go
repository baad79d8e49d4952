package lambdalocal

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is an HTTP request as a gateway sees it.
type request struct {
	options *Options

	method, proto, host string
	path                string // as it was sent, without the stage
	rawQuery            string
	header              http.Header // with what a gateway adds; names as they were sent
	body                []byte
	contentLength       int64
	sourceIP            string

	id    string
	trace string
	now   time.Time
}

// newRequest reads a request, with a body of at most limit bytes. The failure
// is what the gateway answers without calling the function.
func newRequest(r *http.Request, o *Options, limit int) (*request, failure, error) {
	path, ok := cutStage(sentPath(r), o.Stage)
	if !ok {
		return nil, elsewhere, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return nil, none, fmt.Errorf("lambdalocal: read the request: %w", err)
	}
	if len(body) > limit {
		return nil, tooLarge, nil
	}
	q := &request{
		options: o, method: r.Method, proto: r.Proto, host: r.Host, path: path, rawQuery: r.URL.RawQuery,
		body: body, contentLength: r.ContentLength, id: newUUID(), now: time.Now().UTC(),
	}
	q.forward(r)
	return q, none, nil
}

// sentPath returns the path as it stands in the request line.
func sentPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// cutStage takes the stage off a path. It is false where the path is of no
// stage of the API.
func cutStage(path, stage string) (string, bool) {
	if stage == "" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, "/"+stage)
	switch {
	case !ok:
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, rest[0] == '/'
}

// forward copies the header and adds what a gateway adds.
func (q *request) forward(r *http.Request) {
	q.header = r.Header.Clone()
	if q.header == nil {
		q.header = http.Header{}
	}
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = "127.0.0.1" // a unix socket
	}
	q.sourceIP = ip
	if before := q.header.Values("X-Forwarded-For"); len(before) > 0 {
		ip = strings.Join(before, ", ") + ", " + ip
	}
	port, proto := "80", "http"
	if r.TLS != nil {
		port, proto = "443", "https"
	}
	if _, p, err := net.SplitHostPort(r.Host); err == nil {
		port = p
	}
	q.header.Set("X-Forwarded-For", ip)
	q.header.Set("X-Forwarded-Port", port)
	q.header.Set("X-Forwarded-Proto", proto)
	if q.trace = q.header.Get("X-Amzn-Trace-Id"); !strings.Contains(q.trace, "Root=") {
		q.trace = newTrace(q.now)
	}
	q.header.Set("X-Amzn-Trace-Id", q.trace)
	q.header.Set("Host", r.Host)
}

// value returns the first value of a header, whatever the case of its name.
func (q *request) value(name string) string {
	for _, key := range slices.Sorted(maps.Keys(q.header)) {
		if values := q.header[key]; textproto.CanonicalMIMEHeaderKey(key) == name && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// hopByHop lists the headers that are about one connection. They do not reach
// functions behind an API Gateway or a Function URL.
func hopByHop() []string {
	return []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
}

// endToEnd returns the header without what is about one connection.
func (q *request) endToEnd() http.Header {
	drop := hopByHop()
	for _, names := range q.header.Values("Connection") {
		for name := range strings.SplitSeq(names, ",") {
			drop = append(drop, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
		}
	}
	h := http.Header{}
	for name, values := range q.header {
		if !slices.Contains(drop, textproto.CanonicalMIMEHeaderKey(name)) {
			h[name] = values
		}
	}
	return h
}

// withLength adds the header that net/http keeps apart, if it was sent.
func (q *request) withLength(h http.Header) http.Header {
	if q.contentLength > 0 || q.contentLength == 0 && q.method != http.MethodGet && q.method != http.MethodHead {
		h = h.Clone()
		h.Set("Content-Length", strconv.FormatInt(q.contentLength, 10))
	}
	return h
}

// lower returns a header with lower-case names, in which those that differ in
// case alone are one.
func lower(h http.Header) http.Header {
	lowered := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key := strings.ToLower(name)
		lowered[key] = append(lowered[key], h[name]...)
	}
	return lowered
}

// lastOf returns the last value of each name.
func lastOf(values map[string][]string) map[string]string {
	return fold(values, func(v []string) string { return v[len(v)-1] })
}

// joined returns all values of each name, with commas between them.
func joined(values map[string][]string) map[string]string {
	return fold(values, func(v []string) string { return strings.Join(v, ",") })
}

// fold returns one value for each name. Without names it is nil.
func fold(values map[string][]string, one func([]string) string) map[string]string {
	var folded map[string]string
	for name, v := range values {
		if len(v) == 0 {
			continue
		}
		if folded == nil {
			folded = make(map[string]string, len(values))
		}
		folded[name] = one(v)
	}
	return folded
}

// query returns the parameters of the query, passed through decode, which
// leaves what it cannot decode as it is. Without parameters it is nil.
func (q *request) query(decode func(string) (string, error)) map[string][]string {
	var values map[string][]string
	for pair := range strings.SplitSeq(q.rawQuery, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if values == nil {
			values = map[string][]string{}
		}
		name = decoded(name, decode)
		values[name] = append(values[name], decoded(value, decode))
	}
	return values
}

func decoded(text string, decode func(string) (string, error)) string {
	if plain, err := decode(text); err == nil {
		return plain
	}
	return text
}

// asSent is for gateways that leave queries as they are.
func asSent(text string) (string, error) { return text, nil }

// decodedPath returns the path as an HTTP API hands it on: decoded, and cut
// where a question mark was hidden in it.
func (q *request) decodedPath() string {
	path, _, _ := strings.Cut(decoded(q.path, url.PathUnescape), "?")
	return path
}

const gatewayTime = "02/Jan/2006:15:04:05 -0700" // as it stands in requestContext
