package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// TestFleet serves the same functions with several SDKs, ours among them, and
// each call goes to the next of them. What one writes every other reads, so that
// a function can move from an official SDK to ours, and back, while it runs.
//
// JavaScript is not among them: its SDK has no 64-bit integers, so that its
// states and messages have other types.
func TestFleet(t *testing.T) {
	t.Parallel()
	all := []scenario{greets, shopping, dialogues}
	ours, err := registry(all...)
	if err != nil {
		t.Fatal(err)
	}
	fleet := []http.Handler{statefunhttp.Handler(ours, nil)}
	for _, s := range officialSDKs() {
		if s.name == "javascript" {
			continue
		}
		require(t, s.needs())
		fleet = append(fleet, passing(t, s.serve(t)))
	}
	var calls atomic.Uint64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fleet[calls.Add(1)%uint64(len(fleet))].ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	driveAll(t, openAll(t, embedded(), applications(all, nil), front.URL), all)
	t.Logf("%d calls to %d servers", calls.Load(), len(fleet))
}

// passing passes requests on to functions at a URL.
func passing(t *testing.T, functions string) http.Handler {
	t.Helper()
	to, err := url.Parse(strings.ReplaceAll(functions, "{function.name}", "functions"))
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL, r.Out.Host = to, "" }}
}
