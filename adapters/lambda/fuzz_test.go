package statefunlambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// FuzzInvoke holds the scan of events against encoding/json: the same payloads
// are JSON, and the same body is read, with the same flag. Nothing panics.
func FuzzInvoke(f *testing.F) {
	for _, event := range shapes {
		f.Add(marshal(event(post(request("echo", []byte("x\xff"))))))
		f.Add(marshal(event(call{method: "GET", headers: map[string]string{"User-Agent": "ELB-HealthChecker/2.0"}, query: map[string]string{"a": "b"}})))
	}
	f.Add(marshal(base64.StdEncoding.EncodeToString(request("echo", nil))))
	f.Add([]byte(`{"body":"\u0061\/\n","isBase64Encoded":true,"a":[1,-0.5e+7,null,{"b":[[]]}],"requestContext":{"http":{"method":"POST"}}}`))
	f.Add([]byte(`{"Records":[{"eventSource":"aws:sqs"}]}`))
	h := newHandler(f, nil)
	f.Fuzz(func(t *testing.T, payload []byte) {
		result, err := h.Invoke(context.Background(), bytes.Clone(payload))
		if err == nil && !json.Valid(result) {
			t.Fatalf("the answer is no JSON: %s", result)
		}
		if err == nil && !json.Valid(payload) {
			t.Fatalf("an event that is no JSON was taken: %q", payload)
		}
	})
}
