package cli

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

// summary is what a person wants to know about an application that has started.
type summary struct {
	files     []string
	module    *module.Module
	data      string
	policy    engine.Policy
	ingresses []string // base URLs, as module.Ingresses
	egresses  []string // base URLs, as module.Egresses
}

// print writes the summary for people.
func (s *summary) print(w io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nstatefun runs %s\n\nfunctions\n", strings.Join(s.files, ", "))
	width := 0
	for _, e := range s.module.Endpoints {
		width = max(width, len(e.Functions.String()))
	}
	for _, e := range s.module.Endpoints {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, e.Functions, showURL(e.URLPathTemplate))
	}
	b.WriteString("ingress, to send a message\n")
	for _, at := range s.ingresses {
		fmt.Fprintf(&b, "  %s/<namespace>/<function>/<id>\n  %s\n", at, s.example(at))
	}
	for i, e := range s.module.Egresses {
		fmt.Fprintf(&b, "egress %s, to take the oldest record\n", e.ID)
		for _, topic := range e.Topics {
			fmt.Fprintf(&b, "  curl -w '\\n' %s\n", topicURL(s.egresses[i], topic))
		}
	}
	fmt.Fprintf(&b, "data in %s, kept across restarts\n", s.data)
	fmt.Fprintf(&b, "when a function fails: %s\n\n", policyText(s.policy))
	b.WriteString("ready; Ctrl-C stops\n")
	io.WriteString(w, b.String()) //nolint:errcheck // there is nowhere else to say it
}

// log writes the summary for programs, one record for each part and a last one
// with the message "ready".
func (s *summary) log(l *slog.Logger) {
	for _, e := range s.module.Endpoints {
		l.Info("functions", "type", e.Functions.String(), "url", showURL(e.URLPathTemplate))
	}
	for _, at := range s.ingresses {
		l.Info("ingress", "url", at, "example", s.example(at))
	}
	for i, e := range s.module.Egresses {
		for _, topic := range e.Topics {
			l.Info("egress", "id", e.ID.String(), "topic", topic, "url", topicURL(s.egresses[i], topic))
		}
	}
	l.Info("ready", "files", s.files, "data", s.data, "on_failure", s.policy.String())
}

// example returns a command line that sends a message to one of the functions.
func (s *summary) example(at string) string {
	p := s.module.Endpoints[0].Functions
	for _, e := range s.module.Endpoints {
		if p.Name == "" {
			p = e.Functions
		}
	}
	name := p.Name
	if name == "" {
		name = "<function>"
	}
	return fmt.Sprintf("curl -X PUT -H 'Content-Type: application/vnd.%s/<type>' --data-binary '<value>' '%s/%s/%s/<id>'",
		p.Namespace, at, p.Namespace, name)
}

// showURL returns a URL for the log: the values of its query may be secrets.
func showURL(s string) string {
	before, query, ok := strings.Cut(s, "?")
	if !ok {
		return s
	}
	parts := strings.Split(query, "&")
	for i, p := range parts {
		if key, value, ok := strings.Cut(p, "="); ok && value != "{function.name}" {
			parts[i] = key + "=…"
		}
	}
	return before + "?" + strings.Join(parts, "&")
}

// topicURL returns where the records of a topic are taken.
func topicURL(base, topic string) string {
	return base + (&url.URL{Path: "/" + topic}).EscapedPath()
}

func policyText(p engine.Policy) string {
	if p == engine.Flink {
		return "stop where Flink fails its job (--on-failure flink)"
	}
	return "try again, for ever, with growing pauses (--on-failure retry)"
}
