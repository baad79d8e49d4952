package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/app"
	"github.com/statefun-go/statefun-go/engine/module"
)

func parse(t *testing.T, text string) *module.Module {
	t.Helper()
	m, err := module.Parse("module.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const parts = `
kind: io.statefun.endpoints.v2/http
spec:
  functions: example/*
  urlPathTemplate: https://localhost:1/
  transport: {%s}
---
kind: io.statefun.playground.v1/ingress
spec: {port: %d}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [a]}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [a], id: example/b}
`

func TestOpenNeedsModuleAndDir(t *testing.T) {
	t.Parallel()
	for _, opts := range []*app.Options{nil, {Dir: t.TempDir()}, {Module: &module.Module{}}} {
		if _, err := app.Open(opts); err == nil {
			t.Errorf("%+v: no error", opts)
		}
	}
}

// TestOpenReportsAll opens a module with two mistakes, and then, in the same
// directory, one without: the failed attempt has left nothing open.
func TestOpenReportsAll(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	missing := filepath.Join(t.TempDir(), "ca.pem")
	_, err = app.Open(&app.Options{Module: parse(t, fmt.Sprintf(parts, "trust_cacerts: "+missing, port)), Dir: dir})
	for _, want := range []string{missing, fmt.Sprintf("port %d is taken", port), "module.yaml:2:1", "module.yaml:8:1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not contain %q", err, want)
		}
	}
	for range 2 {
		a, err := app.Open(&app.Options{Module: parse(t, fmt.Sprintf(parts, "", 0)), Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRunClosesEverything asks each server for an answer, and for none after Run.
func TestRunClosesEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := &app.Options{Module: parse(t, fmt.Sprintf(parts, "", 0)), Dir: dir}
	a, err := app.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	urls := append(append([]string{}, a.IngressURLs()...), a.EgressURLs()...)
	if len(urls) != 3 {
		t.Errorf("URLs %q", urls)
	}
	for _, u := range urls {
		if err := get(t, u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, u := range urls {
		if err := get(t, u); err == nil {
			t.Errorf("%s still answers", u)
		}
	}
	if a, err = app.Open(opts); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// get makes one request on a connection of its own.
func get(t *testing.T, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
