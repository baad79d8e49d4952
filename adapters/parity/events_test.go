package parity_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// shape is a kind of event, made of the official structs.
type shape struct {
	name    string
	gateway lambdalocal.Event
	form    form // of the headers of a reply
	event   func(r *request) any
}

func shapes() []*shape {
	return []*shape{
		{"2.0", lambdalocal.HTTPAPI, formSingle, httpEvent},
		{"url", lambdalocal.FunctionURL, formSingle, urlEvent},
		{"rest", lambdalocal.REST, formBoth, restEvent},
		{"1.0", lambdalocal.HTTPAPIv1, formBoth, http1Event},
		{"alb", lambdalocal.ALB, formSingle, albEvent},
		{"albm", lambdalocal.ALBMulti, formMulti, albMultiEvent},
		{"text", lambdalocal.Direct, formSingle, textEvent},
		{"body", lambdalocal.DirectEnvelope, formSingle, bodyEvent},
	}
}

// openEvents calls Invoke in this process. One handler would do for all shapes.
func openEvents(sh *shape) func(t *testing.T, s setup) ask {
	return func(t *testing.T, s setup) ask {
		t.Helper()
		h := statefunlambda.New(newHandler(), lambdaOptions())
		return func(ctx context.Context, r *request) (*answer, error) {
			ctx, cancel := context.WithTimeout(ctx, s.timeout)
			defer cancel()
			payload := sh.payload(r)
			out, err := h.Invoke(ctx, payload)
			clear(payload) // it is used again on Lambda
			switch {
			case err != nil:
				return nil, err
			case ctx.Err() != nil:
				return nil, errors.New("the answer came too late")
			case len(out) > sh.limit():
				return nil, fmt.Errorf("a reply of %d bytes", len(out))
			}
			got, err := readReply(r, out, sh.form)
			if err == nil && len(out) > len(got.body)*4/3+200 {
				return nil, fmt.Errorf("a reply of %d bytes for a body of %d", len(out), len(got.body))
			}
			return got, err
		}
	}
}

// limit is how large a reply may be, in bytes.
func (sh *shape) limit() int {
	if sh.gateway == lambdalocal.ALB || sh.gateway == lambdalocal.ALBMulti {
		return statefunlambda.MaxALBReply
	}
	return statefunlambda.MaxReply
}

// payload is the event of a request.
func (sh *shape) payload(r *request) []byte {
	payload, err := json.Marshal(sh.event(r))
	if err != nil {
		panic(err)
	}
	if r.isNull && payload[0] == '{' {
		payload = append([]byte(`{"body":null,`), bytes.Replace(payload, []byte(`"body":"",`), nil, 1)[1:]...)
	}
	return payload
}

// content is the body as it stands in an event.
func (r *request) content() (body string, isBase64 bool) {
	if r.asText || len(r.body) == 0 {
		return string(r.body), false
	}
	return base64.StdEncoding.EncodeToString(r.body), true
}

// rawPath and rawQuery are as they were sent.
func (r *request) rawPath() string {
	path, _, _ := strings.Cut(r.path, "?")
	return path
}

func (r *request) rawQuery() string {
	_, query, _ := strings.Cut(r.path, "?")
	return query
}

// decodedPath is what an HTTP API hands on.
func (r *request) decodedPath() string {
	path, err := url.PathUnescape(r.rawPath())
	if err != nil {
		panic(err)
	}
	return path
}

// query returns the parameters, decoded or not.
func (r *request) query(decode bool) (values map[string]string) {
	for pair := range strings.SplitSeq(r.rawQuery(), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		if plain, err := url.QueryUnescape(value); decode && err == nil {
			value = plain
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name] = value
	}
	return values
}

func (r *request) lower() map[string]string {
	lowered := map[string]string{"host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https"}
	for name, value := range r.header {
		lowered[strings.ToLower(name)] = value
	}
	return lowered
}

func multi(values map[string]string) map[string][]string {
	var lists map[string][]string
	for name, value := range values {
		if lists == nil {
			lists = map[string][]string{}
		}
		lists[name] = []string{value}
	}
	return lists
}

func httpEvent(r *request) any {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: r.decodedPath(), RawQueryString: r.rawQuery(), QueryStringParameters: r.query(true), Headers: r.lower()}
	e.RequestContext.DomainName = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = r.method, r.decodedPath()
	e.Body, e.IsBase64Encoded = r.content()
	return e
}

func urlEvent(r *request) any {
	e := events.LambdaFunctionURLRequest{Version: "2.0", RawPath: r.rawPath(), RawQueryString: r.rawQuery(), QueryStringParameters: r.query(true), Headers: r.lower()}
	e.RequestContext.DomainName = "a1b2c3d4e5.lambda-url.eu-central-1.on.aws"
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = r.method, r.rawPath()
	e.Body, e.IsBase64Encoded = r.content()
	return e
}

func restRequest(r *request, path string) events.APIGatewayProxyRequest {
	e := events.APIGatewayProxyRequest{
		Resource: "/{proxy+}", Path: path, HTTPMethod: r.method, Headers: r.header, MultiValueHeaders: multi(r.header),
		QueryStringParameters: r.query(true), MultiValueQueryStringParameters: multi(r.query(true)),
	}
	e.RequestContext.HTTPMethod, e.RequestContext.Path, e.RequestContext.Stage = r.method, path, "v1"
	e.Body, e.IsBase64Encoded = r.content()
	return e
}

func restEvent(r *request) any { return restRequest(r, r.rawPath()) }

// http1Event is payload format 1.0 of an HTTP API, which says so.
func http1Event(r *request) any {
	return struct {
		Version string `json:"version"`
		events.APIGatewayProxyRequest
	}{"1.0", restRequest(r, r.decodedPath())}
}

func albRequest(r *request) events.ALBTargetGroupRequest {
	e := events.ALBTargetGroupRequest{HTTPMethod: r.method, Path: r.rawPath()}
	e.RequestContext.ELB.TargetGroupArn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/functions/0123456789abcdef"
	e.Body, e.IsBase64Encoded = r.content()
	return e
}

func albEvent(r *request) any {
	e := albRequest(r)
	e.Headers, e.QueryStringParameters = r.lower(), r.query(false)
	return e
}

func albMultiEvent(r *request) any {
	e := albRequest(r)
	e.MultiValueHeaders, e.MultiValueQueryStringParameters = multi(r.lower()), multi(r.query(false))
	return e
}

func textEvent(r *request) any { return base64.StdEncoding.EncodeToString(r.body) }

func bodyEvent(r *request) any {
	body, isBase64 := r.content()
	return map[string]any{"body": body, "isBase64Encoded": isBase64}
}

// form says which form of the headers is read of a reply.
type form int

const (
	formSingle form = iota
	formMulti
	formBoth
)

type reply struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// readReply does what a gateway does with a reply.
func readReply(r *request, out []byte, f form) (*answer, error) {
	var in reply
	if err := json.Unmarshal(out, &in); err != nil {
		return nil, fmt.Errorf("the reply %.80q: %w", out, err)
	}
	header := http.Header{}
	if f != formMulti {
		for name, value := range in.Headers {
			header.Set(name, value)
		}
	}
	if f != formSingle {
		for name, values := range in.MultiValueHeaders {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	body := []byte(in.Body)
	if in.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(in.Body); err != nil {
			return nil, err
		}
	}
	if r.method == http.MethodHead {
		body = nil
	}
	return &answer{in.StatusCode, header.Get("Content-Type"), header.Get("Allow"), body}, nil
}
