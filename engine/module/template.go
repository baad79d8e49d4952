package module

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// placeholder is the only one that a template may have.
const placeholder = "{function.name}"

// URL returns the URL of a function type: the template with every
// {function.name} replaced by name, as it is, without escaping. It fails if the
// endpoint does not serve the type, or if the name makes no valid URL.
//
// For the scheme http+unix the path holds both the socket, up to the first
// element that ends in .sock, and what is requested from it.
func (e *Endpoint) URL(namespace, name string) (*url.URL, error) {
	if !e.Functions.Matches(namespace, name) {
		return nil, fmt.Errorf("the endpoint of %s (%s) does not serve %s/%s", e.Functions, e.Position, namespace, name)
	}
	text := strings.ReplaceAll(e.URLPathTemplate, placeholder, name)
	u, err := parseURL(text, e.Transport.Kind)
	if err != nil {
		return nil, fmt.Errorf("%s: the URL of function %s/%s is %q, which %w", e.Position, namespace, name, text, err)
	}
	return u, nil
}

// checkTemplate checks an endpoint's template with a name put in.
func (r *reader) checkTemplate(e *Endpoint, s scalar) {
	name := e.Functions.Name
	if name == "" {
		name = "name"
	}
	text := strings.ReplaceAll(s.text, placeholder, name)
	if other := findPlaceholder(text); other != "" {
		r.fail(s.at, "urlPathTemplate: unknown placeholder %s: only %s is replaced", other, placeholder)
		return
	}
	u, err := parseURL(text, e.Transport.Kind)
	if err != nil {
		r.fail(s.at, "urlPathTemplate: %q %v", s.text, err)
		return
	}
	t := &e.Transport
	if t.Kind == Async && strings.Contains(u.Hostname(), "_") {
		r.warn(s.at, "Flink's async transport cannot call a host with an underscore in its name: %s", u.Hostname())
	}
	if u.Scheme != "https" && t.TrustCACerts+t.ClientCert != "" {
		r.warn(s.at, "the certificates under transport mean nothing, because this URL is not https")
	}
}

// findPlaceholder returns the first thing in braces, or "".
func findPlaceholder(s string) string {
	_, rest, ok := strings.Cut(s, "{")
	name, _, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return ""
	}
	return "{" + name + "}"
}

// parseURL parses a URL as strictly as Flink does when it first uses it, in
// java.net.URI.create. The error continues a sentence about the URL.
func parseURL(s string, kind TransportKind) (*url.URL, error) {
	if err := checkCharacters(s); err != nil {
		return nil, err
	}
	if !strings.Contains(s, "://") {
		return nil, fmt.Errorf("has no scheme: write http://%s", strings.TrimLeft(s, "/"))
	}
	u, err := url.Parse(s)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("is not a URL: %w", err)
	}
	switch {
	case u.User != nil:
		return nil, errors.New("has a user in front of the host, which Flink never sends")
	case u.Fragment != "" || strings.Contains(s, "#"):
		return nil, errors.New("has a fragment, which is never sent: remove # and what follows")
	}
	switch u.Scheme {
	case "http", "https":
		return u, checkHost(u)
	case "http+unix":
		return u, checkSocket(u, kind)
	case "https+unix":
		return nil, errors.New("looks encrypted, but Flink speaks plain HTTP there: write http+unix")
	}
	return nil, fmt.Errorf("has the unknown scheme %s%s (valid: http, https, http+unix)", u.Scheme, didYouMean(u.Scheme, []string{"http", "https", "http+unix"}))
}

// checkCharacters reports the first character that java.net.URI does not take.
func checkCharacters(s string) error {
	for i, c := range s {
		switch {
		case c <= ' ' || c == 0x7f || strings.ContainsRune("\"<>\\^`{|}", c):
			return fmt.Errorf("holds the character %q, which no URL may: write %%%02X", c, c)
		case c == '%' && !isEscape(s[i:]):
			return errors.New("holds a % that is not followed by two hexadecimal digits: write %25")
		}
	}
	return nil
}

func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

func checkHost(u *url.URL) error {
	if u.Hostname() == "" {
		return fmt.Errorf("has no host: write %s://localhost:8000%s", u.Scheme, u.RequestURI())
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("has port %s: ports go from 1 to 65535", p)
		}
	}
	return nil
}

// checkSocket checks http+unix:///path/to/name.sock/path.
func checkSocket(u *url.URL, kind TransportKind) error {
	if kind != OkHTTP {
		return errors.New("is a unix socket, which Flink's async transport cannot call: write transport: {type: " + okhttpType + "}")
	}
	if u.Host != "" {
		return fmt.Errorf("has a host: write three slashes, http+unix:///%s%s", u.Host, u.Path)
	}
	for element := range strings.SplitSeq(u.Path, "/") {
		if strings.HasSuffix(element, ".sock") {
			return nil
		}
	}
	return errors.New("names no socket: one element of the path must end in .sock, as in http+unix:///run/greeter.sock/statefun")
}
