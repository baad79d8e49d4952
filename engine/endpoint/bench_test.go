package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/statefun-go/statefun-go/engine/module"
)

// BenchmarkCall is one call of a function that answers at once, server
// included.
func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte(empty))
	}))
	defer server.Close()
	c := newClient(b, spec(module.Async, server.URL))
	request := make([]byte, 200)
	b.ReportAllocs()
	b.SetBytes(int64(len(request)))
	for b.Loop() {
		if _, err := c.Call(b.Context(), greeter, request); err != nil {
			b.Fatal(err)
		}
	}
}
