package statefunlambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

var blob = statefun.Bytes("test/bytes")

// functions registers test/echo, which sends its message to an egress,
// test/large, which sends that many times 100 000 bytes, and functions that end
// badly.
func functions() []statefun.Function {
	out := statefun.NewEgress("test/out", blob)
	define := func(name string, f func(context.Context, *statefun.Invocation, []byte) error) statefun.Function {
		return statefun.Define(statefun.MustTypeName("test/"+name), out, statefun.On(blob, f))
	}
	return []statefun.Function{
		define("echo", func(_ context.Context, inv *statefun.Invocation, m []byte) error { out.Send(inv, m); return nil }),
		define("large", func(_ context.Context, inv *statefun.Invocation, m []byte) error {
			out.Send(inv, make([]byte, 100_000*len(m)))
			return nil
		}),
		define("fail", func(context.Context, *statefun.Invocation, []byte) error { return errors.New("private text") }),
		define("panic", func(context.Context, *statefun.Invocation, []byte) error { panic("private text") }),
		define("goexit", func(context.Context, *statefun.Invocation, []byte) error { runtime.Goexit(); return nil }),
		define("wait", func(ctx context.Context, _ *statefun.Invocation, _ []byte) error { <-ctx.Done(); return ctx.Err() }),
		define("stuck", func(context.Context, *statefun.Invocation, []byte) error {
			<-time.After(24 * time.Hour)
			return nil
		}),
	}
}

func newHandler(t testing.TB, opts *statefunlambda.Options) *statefunlambda.Handler {
	t.Helper()
	h, err := statefunlambda.NewHandler(statefun.MustNew(functions(), nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// request is a ToFunction for a function of this test.
func request(function string, message []byte) []byte {
	return wire.AppendRequest(nil, &wire.Request{
		HasTarget: true, Target: wire.Address{Namespace: "test", Name: function, ID: "x"},
		Invocations: []wire.Invocation{{HasArgument: true, Argument: wire.AppendValue(nil, wire.V3, wire.Value{TypeName: blob.Name(), Has: true, Data: message})}},
	})
}

// call is an HTTP request, whatever event it becomes.
type call struct {
	method  string
	headers map[string]string
	query   map[string]string
	body    []byte
	text    *string // sent with isBase64Encoded false instead of body
}

func post(body []byte) call {
	return call{method: "POST", headers: map[string]string{"Content-Type": "application/octet-stream"}, body: body}
}

func (c call) content() (string, bool) {
	if c.text != nil {
		return *c.text, false
	}
	return base64.StdEncoding.EncodeToString(c.body), true
}

// shapes make events of a call.
var shapes = map[string]func(c call) any{
	"http": func(c call) any {
		e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: "/100%", Headers: lower(c.headers)}
		e.RequestContext.HTTP.Method = c.method
		e.RequestContext.DomainName = "x.execute-api.eu-central-1.amazonaws.com"
		e.Body, e.IsBase64Encoded = c.content()
		for k, v := range c.query {
			e.RawQueryString = k + "=" + v
		}
		return e
	},
	"function url": func(c call) any {
		e := events.LambdaFunctionURLRequest{Version: "2.0", RawPath: "/", Headers: lower(c.headers)}
		e.RequestContext.HTTP.Method = c.method
		e.Body, e.IsBase64Encoded = c.content()
		for k, v := range c.query {
			e.RawQueryString = k + "=" + v
		}
		return e
	},
	"rest": func(c call) any {
		e := events.APIGatewayProxyRequest{Resource: "/{proxy+}", Path: "/f", HTTPMethod: c.method, Headers: c.headers, MultiValueHeaders: multi(c.headers), QueryStringParameters: c.query}
		e.Body, e.IsBase64Encoded = c.content()
		return e
	},
	"alb": func(c call) any {
		e := events.ALBTargetGroupRequest{Path: "/f", HTTPMethod: c.method, Headers: lower(c.headers), QueryStringParameters: c.query}
		e.RequestContext.ELB.TargetGroupArn = "arn"
		e.Body, e.IsBase64Encoded = c.content()
		return e
	},
	"alb multi": func(c call) any {
		e := events.ALBTargetGroupRequest{Path: "/f", HTTPMethod: c.method, MultiValueHeaders: multi(lower(c.headers)), MultiValueQueryStringParameters: multi(c.query)}
		e.RequestContext.ELB.TargetGroupArn = "arn"
		e.Body, e.IsBase64Encoded = c.content()
		return e
	},
}

func lower(headers map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range headers {
		out[string(bytes.ToLower([]byte(k)))] = v
	}
	return out
}

func multi(headers map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range headers {
		out[k] = []string{v}
	}
	return out
}

// result is a decoded answer.
type result struct {
	StatusCode        int                 `json:"statusCode"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

func (r *result) bytes() []byte {
	if !r.IsBase64Encoded {
		return []byte(r.Body)
	}
	b, err := base64.StdEncoding.DecodeString(r.Body)
	if err != nil {
		panic(err)
	}
	return b
}

// invoke runs an event and decodes the answer strictly: a REST API refuses
// members that it does not know.
func invoke(t testing.TB, h *statefunlambda.Handler, event any) *result {
	t.Helper()
	return invokeRaw(context.Background(), t, h, marshal(event))
}

func marshal(event any) []byte {
	payload, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return payload
}

func invokeRaw(ctx context.Context, t testing.TB, h *statefunlambda.Handler, payload []byte) *result {
	t.Helper()
	raw, err := h.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	r := new(result)
	if err := d.Decode(r); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return r
}

// decodeLoose decodes an answer of Options.Routes, which has other members too.
func decodeLoose(t *testing.T, raw []byte) *result {
	t.Helper()
	r := new(result)
	if err := json.Unmarshal(raw, r); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return r
}
