package lambdalocal

import (
	"net/http"
	"net/url"
	"strings"
)

// restEvent is payload format 1.0. Members without a value are null.
type restEvent struct {
	Version               string              `json:"version,omitempty"` // only of HTTP APIs
	Resource              string              `json:"resource"`
	Path                  string              `json:"path"`
	HTTPMethod            string              `json:"httpMethod"`
	Headers               map[string]string   `json:"headers"`
	MultiValueHeaders     map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters map[string]string   `json:"queryStringParameters"`
	MultiValueQuery       map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters        map[string]string   `json:"pathParameters"`
	StageVariables        map[string]string   `json:"stageVariables"`
	RequestContext        restContext         `json:"requestContext"`
	Body                  *string             `json:"body"`
	IsBase64Encoded       bool                `json:"isBase64Encoded"`
}

type restContext struct {
	AccountID         string         `json:"accountId"`
	APIID             string         `json:"apiId"`
	ResourceID        string         `json:"resourceId"`
	ResourcePath      string         `json:"resourcePath"`
	Path              string         `json:"path"`
	Stage             string         `json:"stage"`
	DomainName        string         `json:"domainName"`
	DomainPrefix      string         `json:"domainPrefix"`
	RequestID         string         `json:"requestId"`
	ExtendedRequestID string         `json:"extendedRequestId"`
	Protocol          string         `json:"protocol"`
	HTTPMethod        string         `json:"httpMethod"`
	RequestTime       string         `json:"requestTime"`
	RequestTimeEpoch  int64          `json:"requestTimeEpoch"`
	Identity          restIdentity   `json:"identity"`
	Authorizer        map[string]any `json:"authorizer"`
}

// restIdentity has null for what only authentication knows.
type restIdentity struct {
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	AccountID                     *string `json:"accountId"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	Caller                        *string `json:"caller"`
	AccessKey                     *string `json:"accessKey"`
	SourceIP                      string  `json:"sourceIp"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	UserArn                       *string `json:"userArn"`
	UserAgent                     string  `json:"userAgent"`
	User                          *string `json:"user"`
}

// What APIs and Function URLs are called here.
const (
	apiID     = "a1b2c3d4e5"
	apiDomain = apiID + ".execute-api." + region + ".amazonaws.com"
	urlID     = "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6"
	urlDomain = urlID + ".lambda-url." + region + ".on.aws"

	defaultStage     = "$default" // of an HTTP API
	defaultRESTStage = "prod"
)

// newRESTEvent is the event of a REST API: the path as it was sent, the query
// decoded, and a body in base64 only if its type is one of the binary ones.
func newRESTEvent(q *request) any {
	e := newEventV1(q, q.endToEnd(), q.path)
	e.RequestContext.Stage = orDefault(q.options.Stage, defaultRESTStage)
	e.setBody(q, matchesMedia(q.options.BinaryMediaTypes, q.value("Content-Type")))
	return e
}

// newHTTPEventV1 is the event of an HTTP API with payload format 1.0: the path
// decoded and with the stage, and bodies as in format 2.0.
func newHTTPEventV1(q *request) any {
	path := withStage(q.options.Stage, q.decodedPath())
	e := newEventV1(q, q.withLength(q.endToEnd()), path)
	e.Version = "1.0"
	e.RequestContext.Stage = orDefault(q.options.Stage, defaultStage)
	e.RequestContext.Path = path
	e.setBody(q, !isText(q.value("Content-Type")))
	return e
}

func newEventV1(q *request, header http.Header, path string) *restEvent {
	query := q.query(url.QueryUnescape)
	e := &restEvent{
		Resource: "/", Path: path, HTTPMethod: q.method,
		Headers: lastOf(header), MultiValueHeaders: header,
		QueryStringParameters: lastOf(query), MultiValueQuery: query,
	}
	if rest := strings.TrimPrefix(q.path, "/"); rest != "" {
		e.Resource = "/{proxy+}"
		e.PathParameters = map[string]string{"proxy": decoded(rest, url.PathUnescape)}
	}
	e.RequestContext = restContext{
		AccountID: accountID, APIID: apiID, ResourceID: "abc123", ResourcePath: e.Resource,
		Path: withStage(q.options.Stage, q.path), DomainName: apiDomain, DomainPrefix: apiID,
		RequestID: q.id, ExtendedRequestID: q.shortID(), Protocol: q.proto, HTTPMethod: q.method,
		RequestTime: q.now.Format(gatewayTime), RequestTimeEpoch: q.now.UnixMilli(),
		Identity: restIdentity{SourceIP: q.sourceIP, UserAgent: q.value("User-Agent")},
	}
	return e
}

// setBody sets the body. Without one it is null.
func (e *restEvent) setBody(q *request, isBinary bool) {
	if len(q.body) > 0 {
		text, isBase64 := encodeBody(q.body, isBinary)
		e.Body, e.IsBase64Encoded = &text, isBase64
	}
}

func withStage(stage, path string) string {
	if stage == "" {
		return path
	}
	return "/" + stage + path
}

// shortID is the second number that API Gateway gives a request.
func (q *request) shortID() string { return strings.ReplaceAll(q.id, "-", "")[:15] + "=" }
