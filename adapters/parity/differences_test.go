package parity_test

import (
	"errors"
	"net/http"
	"slices"
)

// difference is what is not the same everywhere, and why. Everything that is
// not in this table is the same.
type difference struct {
	letter  string
	columns func(c *column) bool
	outcome
	reason string
	rows   []string
}

func differ(letter string, columns func(c *column) bool, o outcome, reason string, rows ...string) *difference {
	return &difference{letter, columns, o, reason, rows}
}

// outcome is what a cell has in place of the row's answer.
type outcome struct {
	want    *answer // compared in full; nil: see below
	status  int     // the answer is not ours: only its status counts
	fails   bool    // there is no answer but a function error
	notSent bool    // there is no such request
}

var (
	tooLargeAnswer  = outcome{want: plain(http.StatusRequestEntityTooLarge, "answer too large\n")}
	tooLargeRequest = outcome{want: plain(http.StatusRequestEntityTooLarge, "request too large\n")}
	refusedOutside  = outcome{status: http.StatusRequestEntityTooLarge}
	notSent         = outcome{notSent: true}
)

func mistake(text string) outcome { return outcome{want: plain(http.StatusBadRequest, text)} }

// differences is the one table of them. A letter may come several times.
func differences() []*difference {
	const large, larger, check = "request of 4613734 bytes", "request of 5 000 000 bytes", "a load balancer's health check"
	const mangled, unflagged, escapes = "mangled", "base64, not said to be", "a path with escapes, and a query"
	return []*difference{
		differ("A", onGateway, tooLargeAnswer, "Lambda takes replies of 6 MB; a larger one would end the process", "answer one byte larger still"),
		differ("B", onBalancer, tooLargeAnswer, "a load balancer takes replies of 1 MiB",
			"answer one byte larger", "answer as Lambda takes", "answer one byte larger still", "request of 1048576 bytes"),
		differ("B", onBalancerEvents, tooLargeAnswer, "", large),
		differ("C", onLocalBalancer, refusedOutside, "a load balancer takes bodies of 1 MiB, and refuses others itself", large, larger),
		differ("D", onEvents, tooLargeRequest, "Lambda takes events of 6 MB: this one would not get as far", larger),
		differ("E", onLocalGateway, refusedOutside, "Lambda takes events of 6 MB, and what is in front of it refuses others itself", larger),
		differ("F", onLambda, notSent, "not sent: less is too much already, as the rows above show", "answer of 32 MiB", "answer of 32 MiB and one byte", "request of 33 MiB", "request of 65 MiB"),
		differ("G", onGoogle, tooLargeRequest, "Cloud Run takes requests of 32 MiB", "request of 33 MiB"),
		differ("H", onDirect, notSent, "a direct invocation has no method, header or path", headRows()...),
		differ("I", onOurBalancer, outcome{want: plain(http.StatusOK, "ok\n")}, "a load balancer asks for / unless told otherwise, and must be answered", check),
		differ("J", onOurEvents, mistake("the request body was mangled on the way: a REST API needs BinaryMediaTypes [\"*/*\"]\n"),
			"an event tells that its body was taken for text, and the answer says why; TestUnconfiguredREST has the gateway that does it", mangled),
		differ("J", onOurEvents, mistake("the request body is base64, but the event says that it is not (isBase64Encoded is false)\n"), "", unflagged),
		differ("K", onText, notSent, "a JSON string is always base64", unflagged),
		differ("L", onReferenceHTTPAPI, outcome{fails: true}, "api-proxy parses a path that an HTTP API has decoded, and fails the function", escapes),
	}
}

// The columns of differences.
func onGoogle(c *column) bool           { return c.isGoogle }
func onLambda(c *column) bool           { return c.isLambda }
func onDirect(c *column) bool           { return c.isDirect }
func onBalancer(c *column) bool         { return c.isBalancer }
func onGateway(c *column) bool          { return c.isLambda && !c.isBalancer }
func onEvents(c *column) bool           { return c.isLambda && !c.isLocal }
func onBalancerEvents(c *column) bool   { return c.isBalancer && !c.isLocal }
func onLocalBalancer(c *column) bool    { return c.isBalancer && c.isLocal }
func onLocalGateway(c *column) bool     { return c.isLocal && !c.isBalancer }
func onOurBalancer(c *column) bool      { return c.isBalancer && !c.isReference }
func onReferenceHTTPAPI(c *column) bool { return c.isReference && c.isHTTPAPI }

// In the columns of group events we make the events ourselves, and so choose
// how the body stands in them. A gateway always has this one in base64.
func onText(c *column) bool      { return c.group == groupEvents && c.name == "text" }
func onOurEvents(c *column) bool { return c.group == groupEvents && c.name != "text" }

// headRows are the rows that are about more than the body.
func headRows() (names []string) {
	for _, r := range refusals() {
		if r.number == 10 {
			names = append(names, r.name)
		}
	}
	return names
}

// find returns the difference of a cell, or nil.
func find(all []*difference, r *row, c *column) (found *difference, err error) {
	for _, d := range all {
		if !slices.Contains(d.rows, r.name) || !d.columns(c) {
			continue
		}
		if found != nil {
			return nil, errors.New("two differences in one cell: " + found.letter + " and " + d.letter)
		}
		found = d
	}
	return found, nil
}
