package parity_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// request is what a caller sends, whatever the way.
type request struct {
	method, path string // the path with its query
	header       map[string]string
	body         []byte

	// How the body stands in an event. Over HTTP there is nothing to choose.
	asText bool // not in base64: something in front took it for text
	isNull bool
}

// post is what Flink sends.
func post(body []byte) *request {
	return &request{method: http.MethodPost, path: "/functions", header: map[string]string{"Content-Type": "application/octet-stream"}, body: body}
}

// with returns the request with another header.
func (r *request) with(name, value string) *request {
	r.header[name] = value
	return r
}

// answer is what a caller goes by.
type answer struct {
	status      int
	contentType string
	allow       string
	body        []byte
}

func (a *answer) equal(b *answer) bool {
	return a.status == b.status && a.contentType == b.contentType && a.allow == b.allow && bytes.Equal(a.body, b.body)
}

func (a *answer) String() string {
	return fmt.Sprintf("%d %q %q, %d bytes %.60q", a.status, a.contentType, a.allow, len(a.body), a.body)
}

// ask sends a request. An error is an answer that no caller would understand.
type ask func(ctx context.Context, r *request) (*answer, error)

// column is one way to the functions.
type column struct {
	group, name string
	open        func(t *testing.T, s setup) ask // until the test ends

	isGoogle    bool
	isLambda    bool
	isBalancer  bool
	isDirect    bool
	isHTTPAPI   bool // its paths come decoded
	isLocal     bool // a bootstrap behind the local gateway
	isReference bool // aws-lambda-go-api-proxy
}

// setup is what the tests want differently of a column.
type setup struct {
	timeout     time.Duration // of a call, as the platform has it
	concurrency int           // invocations at a time in one environment of Lambda
}

const (
	patience = time.Minute      // more than anything takes
	hurry    = 12 * time.Second // for functions that take too long: a quarter is kept back for the answer, on a busy machine
)

// The groups of columns.
const (
	groupHTTP      = "HTTP"
	groupEvents    = "Lambda: Invoke"
	groupLocal     = "Lambda: bootstrap"
	groupReference = "api-proxy"
)

// columns returns all columns, in the order of the table.
func columns() []*column {
	all := []*column{
		{group: groupHTTP, name: "tcp", open: openTCP},
		{group: groupHTTP, name: "unix", open: openUnix},
		{group: groupHTTP, name: "gcf", open: openGoogle, isGoogle: true},
	}
	for _, sh := range shapes() {
		all = append(all, sh.column(groupEvents, openEvents(sh)))
	}
	for _, sh := range shapes() {
		c := sh.column(groupLocal, openLocal(sh.gateway))
		c.isLocal = true
		all = append(all, c)
	}
	for _, sh := range shapes() {
		if sh.gateway == lambdalocal.Direct || sh.gateway == lambdalocal.DirectEnvelope {
			continue // api-proxy has no such thing
		}
		c := sh.column(groupReference, openReference(sh))
		c.isReference = true
		all = append(all, c)
	}
	return all
}

func (sh *shape) column(group string, open func(*testing.T, setup) ask) *column {
	return &column{
		group: group, name: sh.name, open: open, isLambda: true,
		isBalancer: sh.gateway == lambdalocal.ALB || sh.gateway == lambdalocal.ALBMulti,
		isDirect:   sh.gateway == lambdalocal.Direct || sh.gateway == lambdalocal.DirectEnvelope,
		isHTTPAPI:  sh.gateway == lambdalocal.HTTPAPI || sh.gateway == lambdalocal.HTTPAPIv1,
	}
}

// over returns how to ask over HTTP. Every answer must be of one piece: Flink
// takes a chunked one that breaks off for an empty success.
func over(client *http.Client, url string) ask {
	return func(ctx context.Context, r *request) (*answer, error) {
		req, err := http.NewRequestWithContext(ctx, r.method, url+r.path, bytes.NewReader(r.body))
		if err != nil {
			return nil, err
		}
		for name, value := range r.header {
			req.Header.Set(name, value)
		}
		res, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		if res.TransferEncoding != nil || res.Header.Get("Content-Encoding") != "" || res.ContentLength < 0 {
			return nil, fmt.Errorf("the answer %d is not of one piece: %v", res.StatusCode, res.Header)
		}
		return &answer{res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Allow"), body}, nil
	}
}
