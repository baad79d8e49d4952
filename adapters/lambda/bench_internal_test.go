package statefunlambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// echo answers a request with its own bytes.
type echo struct{}

func (echo) Append(_ context.Context, dst, request []byte) ([]byte, error) {
	return append(dst, request...), nil
}

// BenchmarkInvoke measures an event in and its answer out, over an echo: ours
// beside aws-lambda-go-api-proxy, and beside the least that the job needs, a
// search for the body and the standard library's base64 both ways.
func BenchmarkInvoke(b *testing.B) {
	for name, size := range map[string]int{"1KiB": 1 << 10, "64KiB": 64 << 10, "1MiB": 1 << 20} {
		payload := benchEvent(size)
		b.Run("size="+name+"/path=ours", func(b *testing.B) { benchInvoke(b, size, payload, benchHandler(b).Invoke) })
		b.Run("size="+name+"/path=api_proxy", func(b *testing.B) { benchInvoke(b, size, payload, apiProxy()) })
		b.Run("size="+name+"/path=raw_scan", func(b *testing.B) { benchInvoke(b, size, payload, rawScan) })
	}
}

func benchInvoke(b *testing.B, size int, payload []byte, invoke func(context.Context, []byte) ([]byte, error)) {
	b.Helper()
	ctx := context.Background()
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		out, err := invoke(ctx, payload)
		if err != nil || !bytes.Contains(out[:64], []byte(`"statusCode":200`)) {
			b.Fatalf("%.200s, %v", out, err)
		}
	}
}

func benchHandler(b *testing.B) *Handler {
	b.Helper()
	responder, err := reply.New(reply.Config{Handler: echo{}, MaxRequestBytes: maxBody(MaxReply), MaxAnswerBytes: maxBody(MaxReply)})
	if err != nil {
		b.Fatal(err)
	}
	return &Handler{reply: responder}
}

// benchEvent is an event of an HTTP API as AWS sends it.
func benchEvent(size int) []byte {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(i * 31)
	}
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST /{proxy+}", RawPath: "/greeter",
		Headers: map[string]string{
			"accept": "application/octet-stream", "content-length": "1024", "content-type": "application/octet-stream",
			"host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", "user-agent": "statefun",
			"x-amzn-trace-id": "Root=1-63cabc12-0123456789abcdef01234567", "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "POST /{proxy+}", AccountID: "123456789012", Stage: "$default", RequestID: "AbCdEfGhIjKlMnO=", APIID: "a1b2c3d4e5",
			DomainName: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", DomainPrefix: "a1b2c3d4e5", Time: "23/Nov/2026:04:00:00 +0000", TimeEpoch: 1795406400000,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: "/greeter", Protocol: "HTTP/1.1", SourceIP: "203.0.113.7", UserAgent: "statefun"},
		},
		PathParameters: map[string]string{"proxy": "greeter"},
		Body:           base64.StdEncoding.EncodeToString(body), IsBase64Encoded: true,
	}
	payload, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return payload
}

func apiProxy() func(context.Context, []byte) ([]byte, error) {
	adapter := httpadapter.NewV2(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", reply.OctetStream)
		_, _ = w.Write(body)
	}))
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		return proxy(ctx, payload, adapter.ProxyWithContext)
	}
}

// rawScan looks only for the body.
func rawScan(_ context.Context, payload []byte) ([]byte, error) {
	const key = `"body":"`
	start := bytes.Index(payload, []byte(key)) + len(key)
	text := payload[start : start+bytes.IndexByte(payload[start:], '"')]
	body := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(body, text)
	if err != nil {
		return nil, err
	}
	const head = `{"statusCode":200,"headers":{"content-type":"application/octet-stream"},"isBase64Encoded":true,"body":"`
	out := make([]byte, 0, len(head)+2+base64.StdEncoding.EncodedLen(n))
	out = base64.StdEncoding.AppendEncode(append(out, head...), body[:n])
	return append(out, `"}`...), nil
}
