package statefunlambda

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// event is a payload, taken apart by one scan of its top-level members. Its
// fields are values of JSON as they stand in the payload, nil where absent.
type event struct {
	shape shape

	body, isBase64Encoded          []byte
	headers, multiHeaders          []byte
	query, multiQuery, rawQuery    []byte
	httpMethod, path, resource     []byte
	records, kafkaRecords          []byte
	eventSource, detailType        []byte
	methodArn, routeArn, eventType []byte

	// Of the request context: what tells one shape from another.
	elb, connectionID, serviceNetwork bool
	isHTTP                            bool // it has the member http

	method          string
	contentType     string
	contentEncoding string
}

// shape says what sent an event, and so how to read it and how to answer.
type shape int

const (
	shapeNone     shape = iota
	shapeDirect         // an invocation of the function itself: a JSON string, or an object with a body
	shapeREST           // API Gateway REST API, and HTTP API with payload format 1.0
	shapeHTTP           // API Gateway HTTP API with payload format 2.0, and Function URL
	shapeALB            // Application Load Balancer
	shapeALBMulti       // the same with multi-value headers
)

// triggerError is a function error: whatever sent the event does not speak
// HTTP, and an answer would be dropped together with the changes in it.
type triggerError struct{ name string }

// Error names what sent the event.
func (e *triggerError) Error() string {
	return "it comes from " + e.name +
		", which cannot drive stateful functions: invoke this function through API Gateway, a Function URL, a load balancer, or directly"
}

// parse takes a payload apart. An error is about the payload as a whole: it is
// no JSON, or comes from something else than HTTP.
func (e *event) parse(payload []byte) error {
	*e = event{}
	if text := bytes.TrimLeft(payload, " \t\r\n"); len(text) > 0 && text[0] == '"' {
		return e.parseString(payload)
	}
	s := scanner{data: payload}
	for s.next() {
		e.member(&s)
	}
	if s.err != nil {
		return fmt.Errorf("it is not a JSON object: %w", s.err)
	}
	return e.classify()
}

// parseString takes a payload that is a JSON string: the request in base64.
func (e *event) parseString(payload []byte) error {
	s := scanner{data: payload}
	s.space()
	start := s.pos
	s.skipString()
	if s.err == nil {
		e.body = payload[start:s.pos]
		s.end()
	}
	if s.err != nil {
		return fmt.Errorf("it is not JSON: %w", s.err)
	}
	e.shape, e.method, e.isBase64Encoded = shapeDirect, "POST", []byte("true")
	return nil
}

// member takes a top-level member. The last of several counts, as in
// encoding/json.
func (e *event) member(s *scanner) {
	switch string(s.key) {
	case "body":
		e.body = s.value()
	case "isBase64Encoded":
		e.isBase64Encoded = s.value()
	case "headers":
		e.headers = e.readHeaders(s, e.multiHeaders == nil)
	case "multiValueHeaders":
		e.multiHeaders = e.readHeaders(s, true)
	case "requestContext":
		e.readContext(s)
	case "queryStringParameters":
		e.query = s.value()
	case "multiValueQueryStringParameters":
		e.multiQuery = s.value()
	case "rawQueryString":
		e.rawQuery = s.value()
	case "httpMethod":
		e.httpMethod = s.value()
	case "path", "rawPath":
		e.path = s.value()
	case "resource":
		e.resource = s.value()
	case "Records":
		e.records = s.value()
	case "records":
		e.kafkaRecords = s.value()
	case "eventSource":
		e.eventSource = s.value()
	case "detail-type":
		e.detailType = s.value()
	case "methodArn":
		e.methodArn = s.value()
	case "routeArn":
		e.routeArn = s.value()
	case "type":
		e.eventType = s.value()
	}
}

// readContext reads what the request context says about the shape.
func (e *event) readContext(s *scanner) {
	e.elb, e.connectionID, e.serviceNetwork, e.isHTTP, e.method = false, false, false, false, ""
	context, ok := s.enter()
	if !ok {
		return
	}
	for context.next() {
		switch string(context.key) {
		case "elb":
			e.elb = true
		case "connectionId":
			e.connectionID = true
		case "serviceNetworkArn":
			e.serviceNetwork = true
		case "http":
			e.readHTTP(&context)
		}
	}
	s.leave(&context)
}

func (e *event) readHTTP(s *scanner) {
	http, ok := s.enter()
	if e.isHTTP = ok; !ok {
		return
	}
	for http.next() {
		if string(http.key) == "method" {
			e.method = methodText(http.value())
		}
	}
	s.leave(&http)
}

// readHeaders returns the object of the headers, or nil, and reads those that
// every request is asked for. Multi-value headers, where an event has them,
// hold all values, and so count.
func (e *event) readHeaders(s *scanner, counts bool) []byte {
	headers, ok := s.enter()
	if !ok {
		return nil
	}
	if counts {
		e.contentType, e.contentEncoding = "", ""
	}
	for headers.next() {
		switch {
		case !counts:
		case len(headers.key) == len("content-type") && strings.EqualFold(string(headers.key), "content-type"):
			e.contentType = typeText(headers.value())
		case len(headers.key) == len("content-encoding") && strings.EqualFold(string(headers.key), "content-encoding"):
			e.contentEncoding = joined(headers.value())
		}
	}
	return s.leave(&headers)
}

// classify tells the shape. The order matters: VPC Lattice also says version
// 2.0, and a load balancer's events also have an httpMethod.
func (e *event) classify() error {
	if !e.isHTTP {
		e.method = methodText(e.httpMethod)
	}
	switch {
	case e.elb && e.multiHeaders != nil:
		e.shape = shapeALBMulti
	case e.elb:
		e.shape = shapeALB
	case e.connectionID:
		return &triggerError{"a WebSocket API"}
	case e.methodArn != nil && e.eventType != nil, e.routeArn != nil:
		return &triggerError{"an authorizer's caller: this function is configured as a Lambda authorizer"}
	case e.serviceNetwork:
		return &triggerError{"VPC Lattice"}
	case e.isHTTP:
		e.shape = shapeHTTP
	case e.httpMethod != nil && e.resource != nil:
		e.shape = shapeREST
	default:
		return e.classifyOther()
	}
	return nil
}

// classifyOther names what is no HTTP request.
func (e *event) classifyOther() error {
	switch {
	case e.records != nil:
		return &triggerError{recordSource(e.records)}
	case e.kafkaRecords != nil:
		source, _ := unquote(e.eventSource)
		return &triggerError{"Kafka (" + source + ")"}
	case e.detailType != nil:
		kind, _ := unquote(e.detailType)
		return &triggerError{fmt.Sprintf("EventBridge (%s)", kind)}
	case e.body != nil:
		e.shape, e.method = shapeDirect, "POST"
		return nil
	}
	return errors.New("it is of no shape that is known here: it has neither an HTTP request nor a body")
}

// recordSource names the service behind a list of records.
func recordSource(records []byte) string {
	s := scanner{data: bytes.TrimLeft(bytes.TrimPrefix(records, []byte("[")), " \t\r\n"), inside: true}
	for isObject(s.data) && s.next() {
		if key := string(s.key); key == "eventSource" || key == "EventSource" {
			if source, ok := unquote(s.value()); ok {
				return source
			}
		}
	}
	return "a stream of records"
}

func methodText(raw []byte) string {
	if string(raw) == `"POST"` {
		return "POST"
	}
	text, _ := unquote(raw)
	return text
}

func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }

// typeText returns a content type, the usual one without making a string.
func typeText(raw []byte) string {
	switch string(raw) {
	case `"` + reply.OctetStream + `"`, `["` + reply.OctetStream + `"]`:
		return reply.OctetStream
	}
	return joined(raw)
}

// headerObject returns the object with the headers, or nil.
func (e *event) headerObject() []byte {
	if e.multiHeaders != nil {
		return e.multiHeaders
	}
	return e.headers
}

// joined returns a text, or the texts of a list with commas between them.
func joined(raw []byte) string {
	text, ok := unquote(raw)
	if ok {
		return text
	}
	return strings.Join(list(raw), ",")
}

// list returns the texts of an array.
func list(raw []byte) (texts []string) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil
	}
	s := scanner{data: raw, pos: 1}
	for !s.at(']') && s.err == nil {
		s.space()
		start := s.pos
		s.skipValue()
		if text, ok := unquote(s.data[start:s.pos]); ok {
			texts = append(texts, text)
		}
		s.at(',')
	}
	return texts
}

// Method implements [reply.Head].
func (e *event) Method() string { return e.method }

// Header implements [reply.Head].
func (e *event) Header(name string) (text string) {
	switch name {
	case "Content-Type":
		return e.contentType
	case "Content-Encoding":
		return e.contentEncoding
	}
	s := scanner{data: e.headerObject()}
	for s.data != nil && s.next() {
		if strings.EqualFold(string(s.key), name) {
			text = joined(s.value())
		}
	}
	return text
}

// Query implements [reply.Head]. Payload format 2.0 has the query as the client
// sent it, the older one decoded, and a load balancer undecoded values.
func (e *event) Query(name string) string {
	if raw, ok := unquote(e.rawQuery); ok {
		values, _ := url.ParseQuery(raw)
		return values.Get(name)
	}
	var text string
	if values := list(member(e.multiQuery, name)); len(values) > 0 {
		text = values[0]
	} else {
		text, _ = unquote(member(e.query, name))
	}
	if e.shape == shapeALB || e.shape == shapeALBMulti {
		if decoded, err := url.QueryUnescape(text); err == nil {
			return decoded
		}
	}
	return text
}

// member returns the value of a member of an object, or nil.
func member(object []byte, key string) (value []byte) {
	s := scanner{data: object}
	for isObject(object) && s.next() {
		if string(s.key) == key {
			value = s.value()
		}
	}
	return value
}
