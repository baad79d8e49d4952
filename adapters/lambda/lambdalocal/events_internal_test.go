package lambdalocal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// newTestGateway returns a gateway without a function behind it.
func newTestGateway(t *testing.T, o Options) *gateway {
	t.Helper()
	o.Bootstrap = "gateway.go" // any file
	full, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return newGateway(&full)
}

// eventOf returns the event that a gateway makes of a request.
func eventOf(t *testing.T, o Options, r *http.Request) []byte {
	t.Helper()
	var event []byte
	g := newTestGateway(t, o)
	w := httptest.NewRecorder()
	g.serve(w, r, func(_ context.Context, payload []byte, _ string) (Response, error) {
		event = payload
		return Response{Payload: []byte(`{"statusCode":200,"headers":{},"multiValueHeaders":{}}`)}, nil
	})
	if event == nil {
		t.Fatalf("no event: %d %s", w.Code, w.Body)
	}
	return event
}

// member returns a value of JSON by its path, and "(none)" where it is absent.
func member(t *testing.T, event []byte, path string) string {
	t.Helper()
	raw := json.RawMessage(event)
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatalf("%s: %v in %s", path, err, raw)
		}
		var ok bool
		if raw, ok = object[name]; !ok {
			return "(none)"
		}
	}
	return string(raw)
}

func newPost(target, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const octets = "application/octet-stream"
	all, images, exact := []string{"*/*"}, []string{"image/*"}, []string{octets}
	for _, c := range []struct {
		event       Event
		binary      []string
		contentType string
		body        string
		want        string // body, isBase64Encoded
	}{
		{REST, nil, octets, "\xa2\x06a", "\"\uFFFD\x06a\" false"},
		{REST, nil, octets, "\xff\xfe", "\"\uFFFD\uFFFD\" false"},
		{REST, nil, octets, "", "null false"},
		{REST, all, octets, "\xa2\x06a", `"ogZh" true`},
		{REST, all, "", "\xa2\x06a", `"ogZh" true`},
		{REST, all, "application/json", "{}", `"e30=" true`},
		{REST, all, octets, "", "null false"},
		{REST, exact, octets + "; charset=x", "\xa2\x06a", `"ogZh" true`},
		{REST, exact, "Application/Octet-Stream", "a", `"YQ==" true`},
		{REST, exact, "image/png", "\xa2", "\"\uFFFD\" false"},
		{REST, images, "image/png", "\xa2", `"og==" true`},
		{REST, images, octets, "\xa2", "\"\uFFFD\" false"},
		{REST, images, "", "<&>", `"<&>" false`},
		{HTTPAPI, nil, octets, "\xa2\x06a", `"ogZh" true`},
		{HTTPAPI, nil, "", "a", `"YQ==" true`},
		{HTTPAPI, nil, "application/x-www-form-urlencoded", "a=b", `"YT1i" true`},
		{HTTPAPI, nil, "application/json; charset=utf-8", `{"a":"ö"}`, `"{\"a\":\"ö\"}" false`},
		{HTTPAPI, nil, "application/xml", "<a/>", `"<a/>" false`},
		{HTTPAPI, nil, "application/javascript", "a", `"a" false`},
		{HTTPAPI, nil, "application/problem+json", "a", `"YQ==" true`},
		{HTTPAPI, nil, "text/csv", "a\xff", "\"a\uFFFD\" false"},
		{HTTPAPI, nil, octets, "", "(none) false"},
		{HTTPAPIv1, nil, octets, "a", `"YQ==" true`},
		{HTTPAPIv1, nil, "text/plain", "a", `"a" false`},
		{HTTPAPIv1, nil, octets, "", "null false"},
		{FunctionURL, nil, octets, "a", `"YQ==" true`},
		{FunctionURL, nil, "text/plain", "a", `"a" false`},
		{FunctionURL, nil, octets, "", "(none) false"},
		{ALB, nil, octets, "a", `"YQ==" true`},
		{ALB, nil, "", "a", `"YQ==" true`},
		{ALB, nil, "application/json", "{}", `"{}" false`},
		{ALB, nil, octets, "", `"" false`},
		{ALBMulti, nil, octets, "a", `"YQ==" true`},
		{ALBMulti, nil, "text/plain", "a", `"a" false`},
		{DirectEnvelope, nil, octets, "a", `"YQ==" true`},
	} {
		t.Run(fmt.Sprintf("%s %v %s %q", c.event, c.binary, c.contentType, c.body), func(t *testing.T) {
			t.Parallel()
			event := eventOf(t, Options{Event: c.event, BinaryMediaTypes: c.binary}, newPost("/", c.contentType, c.body))
			// Control characters are compared without their escapes.
			var body any
			text := member(t, event, "body")
			if json.Unmarshal([]byte(text), &body) == nil && strings.Contains(text, `\u0006`) {
				text = `"` + body.(string) + `"`
			}
			if got := text + " " + member(t, event, "isBase64Encoded"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		if got := string(eventOf(t, Options{Event: Direct}, newPost("/", octets, "\xa2\x06a"))); got != `"ogZh"` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("alb, compressed text", func(t *testing.T) {
		t.Parallel()
		r := newPost("/", "text/plain", "\x1f\x8b")
		r.Header.Set("Content-Encoding", "gzip")
		if got := member(t, eventOf(t, Options{Event: ALB}, r), "body"); got != `"H4s="` {
			t.Errorf("got %s", got)
		}
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	request := func() *http.Request {
		r := newPost("http://example.com:9000/a%20b/%3Fc?x=1&y=%26+&x=2&%zz=3", "application/octet-stream", "body")
		r.Header["X-Two"] = []string{"1", "2"}
		r.Header.Set("Cookie", "a=1; b=2")
		r.Header.Set("Connection", "keep-alive, X-Hop")
		r.Header.Set("X-Hop", "1")
		r.Header.Set("X-Forwarded-For", "10.0.0.1")
		r.Header.Set("User-Agent", "agent")
		r.Header["x-as-sent"] = []string{"1"}
		r.RemoteAddr = "10.0.0.2:1234"
		return r
	}
	for _, c := range []struct {
		event Event
		path  string // of the member
		want  string
	}{
		{REST, "version", "(none)"},
		{REST, "resource", `"/{proxy+}"`},
		{REST, "path", `"/a%20b/%3Fc"`},
		{REST, "requestContext.path", `"/a%20b/%3Fc"`},
		{REST, "requestContext.stage", `"prod"`},
		{REST, "pathParameters", `{"proxy":"a b/?c"}`},
		{REST, "stageVariables", "null"},
		{REST, "httpMethod", `"POST"`},
		{REST, "headers.Content-Type", `"application/octet-stream"`},
		{REST, "headers.content-type", "(none)"},
		{REST, "headers.x-as-sent", `"1"`},
		{REST, "headers.X-Two", `"2"`},
		{REST, "multiValueHeaders.X-Two", `["1","2"]`},
		{REST, "headers.Host", `"example.com:9000"`},
		{REST, "headers.Cookie", `"a=1; b=2"`},
		{REST, "headers.Connection", "(none)"},
		{REST, "headers.X-Hop", "(none)"},
		{REST, "headers.Content-Length", "(none)"},
		{REST, "headers.X-Forwarded-For", `"10.0.0.1, 10.0.0.2"`},
		{REST, "headers.X-Forwarded-Port", `"9000"`},
		{REST, "headers.X-Forwarded-Proto", `"http"`},
		{REST, "queryStringParameters", `{"%zz":"3","x":"2","y":"& "}`},
		{REST, "multiValueQueryStringParameters.x", `["1","2"]`},
		{REST, "requestContext.identity.sourceIp", `"10.0.0.2"`},
		{REST, "requestContext.identity.userAgent", `"agent"`},
		{REST, "requestContext.protocol", `"HTTP/1.1"`},
		{REST, "requestContext.elb", "(none)"},
		{REST, "requestContext.http", "(none)"},
		{HTTPAPIv1, "version", `"1.0"`},
		{HTTPAPIv1, "path", `"/a b/"`},
		{HTTPAPIv1, "requestContext.stage", `"$default"`},
		{HTTPAPIv1, "headers.Content-Length", `"4"`},
		{HTTPAPI, "version", `"2.0"`},
		{HTTPAPI, "routeKey", `"$default"`},
		{HTTPAPI, "rawPath", `"/a b/"`},
		{HTTPAPI, "rawQueryString", `"x=1&y=%26+&x=2&%zz=3"`},
		{HTTPAPI, "queryStringParameters", `{"%zz":"3","x":"1,2","y":"& "}`},
		{HTTPAPI, "cookies", `["a=1","b=2"]`},
		{HTTPAPI, "headers.cookie", "(none)"},
		{HTTPAPI, "headers.content-type", `"application/octet-stream"`},
		{HTTPAPI, "headers.content-length", `"4"`},
		{HTTPAPI, "headers.Content-Type", "(none)"},
		{HTTPAPI, "headers.x-two", `"1,2"`},
		{HTTPAPI, "headers.x-as-sent", `"1"`},
		{HTTPAPI, "headers.connection", "(none)"},
		{HTTPAPI, "headers.x-forwarded-for", `"10.0.0.1, 10.0.0.2"`},
		{HTTPAPI, "headers.host", `"example.com:9000"`},
		{HTTPAPI, "multiValueHeaders", "(none)"},
		{HTTPAPI, "requestContext.http.method", `"POST"`},
		{HTTPAPI, "requestContext.http.path", `"/a b/"`},
		{HTTPAPI, "requestContext.http.sourceIp", `"10.0.0.2"`},
		{HTTPAPI, "requestContext.http.userAgent", `"agent"`},
		{HTTPAPI, "requestContext.stage", `"$default"`},
		{HTTPAPI, "requestContext.domainName", `"a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"`},
		{FunctionURL, "version", `"2.0"`},
		{FunctionURL, "rawPath", `"/a%20b/%3Fc"`},
		{FunctionURL, "headers.x-two", `"1,2"`},
		{FunctionURL, "cookies", `["a=1","b=2"]`},
		{FunctionURL, "requestContext.domainName", `"a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6.lambda-url.us-east-1.on.aws"`},
		{ALB, "path", `"/a%20b/%3Fc"`},
		{ALB, "headers.x-two", `"2"`},
		{ALB, "headers.connection", `"keep-alive, X-Hop"`},
		{ALB, "headers.cookie", `"a=1; b=2"`},
		{ALB, "headers.content-length", `"4"`},
		{ALB, "multiValueHeaders", "(none)"},
		{ALB, "queryStringParameters", `{"%zz":"3","x":"2","y":"%26+"}`},
		{ALB, "multiValueQueryStringParameters", "(none)"},
		{ALB, "requestContext.elb.targetGroupArn", `"` + targetGroupARN + `"`},
		{ALBMulti, "multiValueHeaders.x-two", `["1","2"]`},
		{ALBMulti, "headers", "(none)"},
		{ALBMulti, "multiValueQueryStringParameters.x", `["1","2"]`},
		{ALBMulti, "queryStringParameters", "(none)"},
	} {
		t.Run(fmt.Sprint(c.event, " ", c.path), func(t *testing.T) {
			t.Parallel()
			if got := member(t, eventOf(t, Options{Event: c.event}, request()), c.path); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestEmptyEvents checks what events have of what a request does not have.
func TestEmptyEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event      Event
		path, want string
	}{
		{REST, "body", "null"},
		{REST, "isBase64Encoded", "false"},
		{REST, "resource", `"/"`},
		{REST, "pathParameters", "null"},
		{REST, "queryStringParameters", "null"},
		{REST, "multiValueQueryStringParameters", "null"},
		{HTTPAPI, "body", "(none)"},
		{HTTPAPI, "isBase64Encoded", "false"},
		{HTTPAPI, "queryStringParameters", "(none)"},
		{HTTPAPI, "rawQueryString", `""`},
		{HTTPAPI, "cookies", "(none)"},
		{HTTPAPI, "headers.content-length", `"0"`},
		{FunctionURL, "body", "(none)"},
		{FunctionURL, "headers.content-length", "(none)"},
		{ALB, "body", `""`},
		{ALB, "queryStringParameters", "{}"},
		{ALB, "headers.content-length", "(none)"},
		{ALBMulti, "body", `""`},
		{ALBMulti, "multiValueQueryStringParameters", "{}"},
	} {
		t.Run(fmt.Sprint(c.event, " ", c.path), func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			if got := member(t, eventOf(t, Options{Event: c.event}, r), c.path); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event        Event
		target       string
		member, want string
	}{
		{REST, "/v1/a", "path", `"/a"`},
		{REST, "/v1/a", "requestContext.path", `"/v1/a"`},
		{REST, "/v1", "path", `"/"`},
		{REST, "/v1/a", "requestContext.stage", `"v1"`},
		{HTTPAPI, "/v1/a", "rawPath", `"/v1/a"`},
		{HTTPAPI, "/v1/a", "requestContext.http.path", `"/v1/a"`},
		{HTTPAPI, "/v1/a", "requestContext.stage", `"v1"`},
		{HTTPAPIv1, "/v1/a", "path", `"/v1/a"`},
	} {
		t.Run(fmt.Sprint(c.event, " ", c.target, " ", c.member), func(t *testing.T) {
			t.Parallel()
			if got := member(t, eventOf(t, Options{Event: c.event, Stage: "v1"}, newPost(c.target, "", "")), c.member); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	for event, want := range map[Event]int{REST: 403, HTTPAPI: 404} {
		for _, target := range []string{"/", "/v10", "/a/v1"} {
			w := httptest.NewRecorder()
			newTestGateway(t, Options{Event: event, Stage: "v1"}).serve(w, newPost(target, "", ""), nil)
			if w.Code != want {
				t.Errorf("%s %s: %d, want %d", event, target, w.Code, want)
			}
		}
	}
}

// TestLossless decodes events into the structs that functions use, and encodes
// these: nothing is lost but what the structs do not have.
func TestLossless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event Event
		into  any
		lacks []string // members that AWS sends and the struct does not have
	}{
		{event: REST, into: &events.APIGatewayProxyRequest{}},
		{event: HTTPAPIv1, into: &events.APIGatewayProxyRequest{}, lacks: []string{"version"}},
		{event: HTTPAPI, into: &events.APIGatewayV2HTTPRequest{}},
		{
			event: FunctionURL, into: &events.LambdaFunctionURLRequest{},
			lacks: []string{"routeKey", "requestContext.routeKey", "requestContext.stage"},
		},
		{event: ALB, into: &events.ALBTargetGroupRequest{}},
		{event: ALBMulti, into: &events.ALBTargetGroupRequest{}},
	} {
		for _, full := range []bool{true, false} {
			t.Run(fmt.Sprint(c.event, full), func(t *testing.T) {
				t.Parallel()
				r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				if full {
					r = newPost("/a?x=1&x=2&y=3", "application/octet-stream", "\x00\xa2")
					r.Header.Set("Cookie", "a=1; b=2")
					r.Header.Add("X-Two", "1")
					r.Header.Add("X-Two", "2")
				}
				event := eventOf(t, Options{Event: c.event}, r)
				into := reflect.New(reflect.TypeOf(c.into).Elem()).Interface()
				if err := json.Unmarshal(event, into); err != nil {
					t.Fatal(err)
				}
				again, err := json.Marshal(into)
				if err != nil {
					t.Fatal(err)
				}
				var before, after map[string]any
				if err := errorsOf(json.Unmarshal(event, &before), json.Unmarshal(again, &after)); err != nil {
					t.Fatal(err)
				}
				for _, lost := range missing("", before, after) {
					if !slices.Contains(c.lacks, lost) {
						t.Errorf("%s is lost or changed", lost)
					}
				}
			})
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// missing lists what of before is not in after. Null, empty and absent are the
// same.
func missing(path string, before, after map[string]any) (lost []string) {
	for name, value := range before {
		at := strings.TrimPrefix(path+"."+name, ".")
		object, isObject := value.(map[string]any)
		switch other, ok := after[name]; {
		case value == nil || value == "" || value == false || isObject && len(object) == 0:
		case !ok:
			lost = append(lost, at)
		case isObject:
			inner, _ := other.(map[string]any)
			lost = append(lost, missing(at, object, inner)...)
		case !reflect.DeepEqual(value, other):
			lost = append(lost, at)
		}
	}
	return lost
}

func TestRequestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event Event
		size  int
		want  int
	}{
		{REST, 10<<20 + 1, 413},
		{HTTPAPI, 10<<20 + 1, 413},
		{FunctionURL, MaxEvent + 1, 413},
		{ALB, 1<<20 + 1, 413},
		{ALB, 1 << 20, 200},
		{ALBMulti, 1<<20 + 1, 413},
		{Direct, MaxEvent + 1, 413},
	} {
		t.Run(fmt.Sprint(c.event, c.size), func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, c.size)))
			newTestGateway(t, Options{Event: c.event}).serve(w, r, func(context.Context, []byte, string) (Response, error) {
				return Response{Payload: []byte(`{"statusCode":200,"headers":{}}`)}, nil
			})
			if w.Code != c.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.want)
			}
		})
	}
}

func TestUnreadableRequest(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("a"), brokenReader{}))
	newTestGateway(t, Options{}).serve(w, r, nil)
	if w.Code != http.StatusBadRequest {
		t.Errorf("%d", w.Code)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
