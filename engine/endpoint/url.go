package endpoint

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// placeholder is the only one that a urlPathTemplate may hold, any number of
// times.
const placeholder = "{function.name}"

// maxTargets bounds the cache of one template: under ns/* the names come from
// outside.
const maxTargets = 1024

// target is where the requests of one function go.
type target struct {
	url  *url.URL
	host string // the Host header
	name string // the URL, for messages
}

// template is a urlPathTemplate with the targets made of it so far.
type template struct {
	text string

	mu      sync.Mutex
	targets map[string]*target // by the function's name; one under "" if the text has no placeholder
}

func newTemplate(text string) *template {
	return &template{text: text, targets: map[string]*target{}}
}

// target returns the target of the function named name.
func (t *template) target(name string) (*target, error) {
	if !strings.Contains(t.text, placeholder) {
		name = ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if to := t.targets[name]; to != nil {
		return to, nil
	}
	to, err := parseTarget(t.text, name)
	if err != nil {
		return nil, err
	}
	if len(t.targets) >= maxTargets {
		clear(t.targets)
	}
	t.targets[name] = to
	return to, nil
}

// parseTarget fills in the name and parses the URL. The name is escaped, so
// that a name from outside cannot reach another host or path.
func parseTarget(text, name string) (*target, error) {
	if name != "" && strings.Trim(name, ".") == "" { // dots are not escaped, and ".." leads elsewhere
		return nil, fmt.Errorf("the function's name %q cannot stand in a URL", name)
	}
	full := strings.ReplaceAll(text, placeholder, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
	u, err := url.Parse(full)
	if err != nil {
		public, _, _ := strings.Cut(text, "?")
		if bad, ok := errors.AsType[*url.Error](err); ok { // it has the whole URL
			err = bad.Err
		}
		return nil, fmt.Errorf("urlPathTemplate %q for %q: %w", public, name, err)
	}
	to := &target{url: u, host: u.Host, name: shown(u)}
	if u.Scheme == "http+unix" {
		to.host = "unused" // as Flink
		if to.url, err = unixURL(u); err != nil {
			return nil, fmt.Errorf("%s for %q: %w", to.name, name, err)
		}
	}
	return to, nil
}

// shown is a URL as a log may have it: without the query, which is the one
// place where a runtime can carry a function's secret.
func shown(u *url.URL) string {
	public := *u
	if public.RawQuery != "" {
		public.RawQuery = "..."
	}
	return public.String()
}

// unixURL splits http+unix:///dir/name.sock/serve/path after the first element
// that ends in .sock, as Flink does. What is escaped stays so: a name with a
// slash is one element of the path, and cannot be one of the socket's.
func unixURL(u *url.URL) (*url.URL, error) {
	elements := strings.Split(u.EscapedPath(), "/")
	end := 1 + slices.IndexFunc(elements, func(e string) bool { return strings.HasSuffix(e, ".sock") })
	socket, err := url.PathUnescape(strings.Join(elements[:end], "/"))
	if err == nil && strings.Count(socket, "/") != end-1 {
		err = errors.New("a socket's name has no slash")
	}
	raw := "/" + strings.Join(elements[end:], "/")
	path, pathErr := url.PathUnescape(raw)
	if err := errors.Join(err, pathErr); err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "http", Host: socketHost(socket), Path: path, RawPath: raw, RawQuery: u.RawQuery}, nil
}

// Connections are pooled by host, so the path of a socket travels to the
// dialer as one.
const socketSuffix = ".sock"

func socketHost(path string) string { return hex.EncodeToString([]byte(path)) + socketSuffix }

// socketPath is the inverse of socketHost for the "host:port" that a dialer
// gets.
func socketPath(addr string) (string, error) {
	host, _, _ := strings.Cut(addr, socketSuffix)
	path, err := hex.DecodeString(host)
	if err != nil {
		return "", fmt.Errorf("unix socket of %q: %w", addr, err)
	}
	return string(path), nil
}
