package lambdalocal

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// httpEvent is payload format 2.0, of HTTP APIs and Function URLs. Members
// without a value are absent.
type httpEvent struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        httpContext       `json:"requestContext"`
	Body                  *string           `json:"body,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
}

type httpContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpSummary `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"`
}

type httpSummary struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// newHTTPEvent is the event of an HTTP API: the path is decoded and has the
// stage, unless that is the default.
func newHTTPEvent(q *request) any {
	e := newEventV2(q, withStage(q.options.Stage, q.decodedPath()))
	e.Headers["content-length"] = strconv.Itoa(len(q.body)) // whether it was sent or not
	c := &e.RequestContext
	c.APIID, c.DomainPrefix, c.DomainName = apiID, apiID, apiDomain
	c.Stage, c.RequestID = orDefault(q.options.Stage, defaultStage), q.shortID()
	return e
}

// newURLEvent is the event of a Function URL: the path is as it was sent.
func newURLEvent(q *request) any {
	e := newEventV2(q, q.path)
	c := &e.RequestContext
	c.APIID, c.DomainPrefix, c.DomainName = urlID, urlID, urlDomain
	c.Stage, c.RequestID = defaultStage, q.id
	return e
}

func newEventV2(q *request, path string) *httpEvent {
	header := map[string][]string(lower(q.withLength(q.endToEnd())))
	e := &httpEvent{
		Version: "2.0", RouteKey: defaultStage, RawPath: path, RawQueryString: q.rawQuery,
		QueryStringParameters: joined(q.query(url.QueryUnescape)),
	}
	for _, cookies := range header["cookie"] {
		for cookie := range strings.SplitSeq(cookies, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	maps.DeleteFunc(header, func(name string, _ []string) bool { return name == "cookie" })
	e.Headers = joined(header)
	e.RequestContext = httpContext{
		AccountID: accountID, RouteKey: defaultStage,
		HTTP: httpSummary{Method: q.method, Path: path, Protocol: q.proto, SourceIP: q.sourceIP, UserAgent: q.value("User-Agent")},
		Time: q.now.Format(gatewayTime), TimeEpoch: q.now.UnixMilli(),
	}
	if len(q.body) > 0 {
		text, isBase64 := encodeBody(q.body, !isText(q.value("Content-Type")))
		e.Body, e.IsBase64Encoded = &text, isBase64
	}
	return e
}
