package lambdalocal

// albEvent is the event of a load balancer. It has either the headers and
// parameters with one value each, or those with all values, never both.
type albEvent struct {
	RequestContext        albContext           `json:"requestContext"`
	HTTPMethod            string               `json:"httpMethod"`
	Path                  string               `json:"path"`
	QueryStringParameters *map[string]string   `json:"queryStringParameters,omitempty"`
	MultiValueQuery       *map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	Headers               map[string]string    `json:"headers,omitempty"`
	MultiValueHeaders     map[string][]string  `json:"multiValueHeaders,omitempty"`
	Body                  string               `json:"body"`
	IsBase64Encoded       bool                 `json:"isBase64Encoded"`
}

type albContext struct {
	ELB struct {
		TargetGroupARN string `json:"targetGroupArn"`
	} `json:"elb"`
}

const targetGroupARN = "arn:aws:elasticloadbalancing:" + region + ":" + accountID + ":targetgroup/" + functionName + "/0123456789abcdef"

// newALBEvent is the event of a target group as it is by default: the last
// value of each header and parameter, which stay as they were sent.
func newALBEvent(q *request) any {
	e := newBalancerEvent(q)
	e.Headers = lastOf(q.albHeader())
	query := lastOf(q.query(asSent))
	if query == nil {
		query = map[string]string{}
	}
	e.QueryStringParameters = &query
	return e
}

// newALBMultiEvent is the same with multi-value headers switched on.
func newALBMultiEvent(q *request) any {
	e := newBalancerEvent(q)
	e.MultiValueHeaders = q.albHeader()
	query := q.query(asSent)
	if query == nil {
		query = map[string][]string{}
	}
	e.MultiValueQuery = &query
	return e
}

func newBalancerEvent(q *request) *albEvent {
	e := &albEvent{HTTPMethod: q.method, Path: q.path}
	e.RequestContext.ELB.TargetGroupARN = targetGroupARN
	if len(q.body) > 0 {
		isBinary := !isText(q.value("Content-Type")) || q.value("Content-Encoding") != ""
		e.Body, e.IsBase64Encoded = encodeBody(q.body, isBinary)
	}
	return e
}

// albHeader returns the header in lower case, which keeps what is about the
// connection.
func (q *request) albHeader() map[string][]string { return lower(q.withLength(q.header)) }
