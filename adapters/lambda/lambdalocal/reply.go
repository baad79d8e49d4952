package lambdalocal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// answer is what a gateway answers a request with.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Content types of answers.
const (
	typeJSON = "application/json"
	typeText = "text/plain;charset=UTF-8"
)

// reply is the object that a function returns, in the forms of all gateways.
type reply struct {
	members map[string]json.RawMessage

	status   int
	headers  http.Header
	multi    http.Header
	cookies  []string
	body     string
	isBase64 bool
}

// parseReply reads the members that gateways know.
func parseReply(payload []byte) (*reply, error) {
	r := &reply{}
	if err := json.Unmarshal(payload, &r.members); err != nil {
		return nil, fmt.Errorf("the reply is no JSON object: %w", err)
	}
	if r.members == nil {
		return nil, errors.New("the reply is null")
	}
	var errs [6]error
	r.status, errs[0] = r.statusCode()
	r.headers, errs[1] = single(r.members["headers"])
	r.multi, errs[2] = multiple(r.members["multiValueHeaders"])
	errs[3] = r.read("cookies", &r.cookies)
	errs[4] = r.read("body", &r.body)
	errs[5] = r.read("isBase64Encoded", &r.isBase64)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return r, nil
}

// has reports whether a member is there and not null.
func (r *reply) has(name string) bool {
	raw, ok := r.members[name]
	return ok && string(raw) != "null"
}

// read reads a member into value, which keeps what it is where there is none.
func (r *reply) read(name string, value any) error {
	if !r.has(name) {
		return nil
	}
	if err := json.Unmarshal(r.members[name], value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// statusCode returns the status, also where it is a text. Without one it is 200.
func (r *reply) statusCode() (int, error) {
	if !r.has("statusCode") {
		return http.StatusOK, nil
	}
	text, err := scalar(r.members["statusCode"])
	if err != nil {
		return 0, err
	}
	status, err := strconv.Atoi(text)
	if err != nil || status < 200 || status > 599 {
		return 0, fmt.Errorf("statusCode is %s", text)
	}
	return status, nil
}

// single reads headers with one value each.
func single(raw json.RawMessage) (http.Header, error) {
	var values map[string]json.RawMessage
	if err := unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("headers: %w", err)
	}
	h := http.Header{}
	for name, value := range values {
		text, err := scalar(value)
		if err != nil {
			return nil, err
		}
		h.Set(name, text)
	}
	return h, nil
}

// multiple reads headers with several values each.
func multiple(raw json.RawMessage) (http.Header, error) {
	var values map[string][]json.RawMessage
	if err := unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("multiValueHeaders: %w", err)
	}
	h := http.Header{}
	for name, list := range values {
		for _, value := range list {
			text, err := scalar(value)
			if err != nil {
				return nil, err
			}
			h.Add(name, text)
		}
	}
	return h, nil
}

func unmarshal(raw json.RawMessage, value any) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, value)
}

// scalar returns a text, a number or a truth value as text.
func scalar(raw json.RawMessage) (string, error) {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", err
	}
	switch v := value.(type) {
	case string:
		return v, nil
	case float64, bool:
		return string(raw), nil
	default:
		return "", fmt.Errorf("%.40s is no text", raw)
	}
}

// content returns the body, decoded where decode says so.
func (r *reply) content(decode bool) ([]byte, error) {
	if !decode {
		return []byte(r.body), nil
	}
	body, err := base64.StdEncoding.DecodeString(r.body)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return body, nil
}

// merged returns the headers of both forms; of a name that is in both, those
// with several values count.
func (r *reply) merged() http.Header {
	maps.Copy(r.headers, r.multi)
	return r.headers
}

// answerREST is what a REST API makes of a reply. It takes no member that it
// does not know, and decodes base64 only where the client accepts a binary
// media type: others get the base64.
func answerREST(q *request, payload []byte) (*answer, error) {
	r, err := parseReply(payload)
	if err != nil {
		return nil, err
	}
	known := []string{"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
	for name := range r.members {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("a REST API does not know the member %q of a reply", name)
		}
	}
	body, err := r.content(r.isBase64 && matchesMedia(q.options.BinaryMediaTypes, q.value("Accept")))
	if err != nil {
		return nil, err
	}
	h := remapped(r.merged())
	setType(h, typeJSON)
	h.Set("X-Amzn-Requestid", q.id)
	h.Set("X-Amz-Apigw-Id", q.shortID())
	h.Set("X-Amzn-Trace-Id", q.trace)
	return &answer{r.status, h, body}, nil
}

// remapped renames the headers that a REST API keeps for itself.
func remapped(h http.Header) http.Header {
	for _, name := range []string{"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Host", "Server", "Www-Authenticate"} {
		if values, ok := h[name]; ok {
			delete(h, name)
			h["X-Amzn-Remapped-"+name] = values
		}
	}
	return withoutConnection(h)
}

// withoutConnection drops the headers that the gateway writes itself.
func withoutConnection(h http.Header) http.Header {
	for _, name := range append(hopByHop(), "Content-Length") {
		h.Del(name)
	}
	return h
}

// answerHTTPv1 is what an HTTP API makes of a reply in payload format 1.0.
func answerHTTPv1(q *request, payload []byte) (*answer, error) {
	r, err := parseReply(payload)
	if err != nil {
		return nil, err
	}
	body, err := r.content(r.isBase64)
	if err != nil {
		return nil, err
	}
	h := withoutConnection(r.merged())
	setType(h, typeText)
	h.Set("Apigw-Requestid", q.shortID())
	return &answer{r.status, h, body}, nil
}

// answerHTTP is what an HTTP API makes of a reply in payload format 2.0.
func answerHTTP(q *request, payload []byte) (*answer, error) {
	a, err := answerV2(payload, typeText)
	if err != nil {
		return nil, err
	}
	a.header.Set("Apigw-Requestid", q.shortID())
	return a, nil
}

// answerURL is what a Function URL makes of a reply.
func answerURL(q *request, payload []byte) (*answer, error) {
	a, err := answerV2(payload, typeJSON)
	if err != nil {
		return nil, err
	}
	a.header.Set("X-Amzn-Requestid", q.id)
	a.header.Set("X-Amzn-Trace-Id", q.trace)
	return a, nil
}

// answerV2 reads format 2.0. A reply without statusCode is the body itself.
func answerV2(payload []byte, defaultType string) (*answer, error) {
	if body, ok := inferred(payload); ok {
		return &answer{http.StatusOK, http.Header{"Content-Type": {typeJSON}}, body}, nil
	}
	r, err := parseReply(payload)
	if err != nil {
		return nil, err
	}
	body, err := r.content(r.isBase64)
	if err != nil {
		return nil, err
	}
	h := withoutConnection(r.headers)
	for _, cookie := range r.cookies {
		h.Add("Set-Cookie", cookie)
	}
	setType(h, defaultType)
	return &answer{r.status, h, body}, nil
}

// inferred returns the body that a reply of any other form is.
func inferred(payload []byte) ([]byte, bool) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(payload, &object); err == nil && object != nil {
		_, ok := object["statusCode"]
		return payload, !ok
	}
	var text string
	if err := json.Unmarshal(payload, &text); err == nil && string(payload) != "null" {
		return []byte(text), true
	}
	return payload, json.Valid(payload)
}

// answerALB is what a load balancer makes of a reply: of the two forms of the
// headers it reads one, by its configuration, and wants that one.
func answerALB(_ *request, payload []byte) (*answer, error) {
	return balancerAnswer(payload, "headers")
}

// answerALBMulti is the same with multi-value headers switched on.
func answerALBMulti(_ *request, payload []byte) (*answer, error) {
	return balancerAnswer(payload, "multiValueHeaders")
}

func balancerAnswer(payload []byte, form string) (*answer, error) {
	if len(payload) > maxALBReply {
		return nil, fmt.Errorf("the reply has %d bytes of JSON: a load balancer takes %d", len(payload), maxALBReply)
	}
	r, err := parseReply(payload)
	if err != nil {
		return nil, err
	}
	if !r.has("statusCode") || !r.has(form) {
		return nil, fmt.Errorf("a load balancer with this configuration needs statusCode and %s", form)
	}
	body, err := r.content(r.isBase64)
	if err != nil {
		return nil, err
	}
	h := r.headers
	if form == "multiValueHeaders" {
		h = r.multi
	}
	setType(withoutConnection(h), "application/octet-stream")
	return &answer{r.status, h, body}, nil
}

// setType sets the content type where the reply has none.
func setType(h http.Header, kind string) {
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", kind)
	}
}
