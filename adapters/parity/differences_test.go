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
	rows    []string
	columns func(c *column) bool
	outcome
	reason string
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
)

// differences is the one table of them.
func differences() []*difference {
	beyondLambda := []string{"answer one byte larger still", "answer of 32 MiB"}
	beyondBalancer := append([]string{"answer one byte larger", "answer as Lambda takes"}, beyondLambda...)
	huge := []string{"request of 33 MiB", "request of 65 MiB"}
	return []*difference{
		{
			"A", beyondLambda, func(c *column) bool { return c.isLambda && !c.isBalancer }, tooLargeAnswer,
			"Lambda takes replies of 6 MB; a larger one would end the process",
		},
		{
			"B", beyondBalancer, func(c *column) bool { return c.isBalancer }, tooLargeAnswer,
			"a load balancer takes replies of 1 MiB",
		},
		{
			"B", []string{"request of 1048576 bytes"}, func(c *column) bool { return c.isBalancer }, tooLargeAnswer,
			"the same, of an echo",
		},
		{
			"B", []string{"request of 4613734 bytes"}, func(c *column) bool { return c.isBalancer && !c.isLocal }, tooLargeAnswer,
			"the same, of an echo",
		},
		{
			"C", []string{"request of 4613734 bytes", "request of 5 000 000 bytes"},
			func(c *column) bool { return c.isBalancer && c.isLocal }, refusedOutside,
			"a load balancer takes bodies of 1 MiB, and refuses others itself",
		},
		{
			"D", []string{"request of 5 000 000 bytes"},
			func(c *column) bool { return c.isLambda && !c.isLocal }, tooLargeRequest,
			"Lambda takes events of 6 MB; it would not get as far as this",
		},
		{
			"E", []string{"request of 5 000 000 bytes"},
			func(c *column) bool { return c.isLocal && !c.isBalancer }, refusedOutside,
			"Lambda takes events of 6 MB, and what is in front of it refuses others itself",
		},
		{
			"F", huge, func(c *column) bool { return c.isLambda }, outcome{notSent: true},
			"not sent: 5 000 000 bytes are too much already",
		},
		{
			"G", huge[:1], func(c *column) bool { return c.isGoogle }, tooLargeRequest,
			"Cloud Run takes requests of 32 MiB",
		},
		{
			"H", headRows(), func(c *column) bool { return c.isDirect }, outcome{notSent: true},
			"a direct invocation has no method, header or path",
		},
		{
			"I", []string{"a load balancer's health check"},
			func(c *column) bool { return c.isBalancer && !c.isReference }, outcome{want: plain(http.StatusOK, "ok\n")},
			"a load balancer asks for / unless told otherwise, and must be answered",
		},
		{
			"J", []string{"mangled"}, asEvent,
			outcome{want: plain(http.StatusBadRequest, "the request body was mangled on the way: a REST API needs BinaryMediaTypes [\"*/*\"]\n")},
			"only an event tells that its body was taken for text; see TestUnconfiguredREST for the gateway that does",
		},
		{
			"J", []string{"base64, not said to be"}, asEvent,
			outcome{want: plain(http.StatusBadRequest, "the request body is base64, but the event says that it is not (isBase64Encoded is false)\n")},
			"the same",
		},
		{
			"K", []string{"base64, not said to be"},
			func(c *column) bool { return c.isDirect && c.name == "text" && !c.isLocal }, outcome{notSent: true},
			"a text is always base64",
		},
		{
			"L", []string{"a path with escapes, and a query"},
			func(c *column) bool { return c.isReference && c.isHTTPAPI }, outcome{fails: true},
			"api-proxy parses a path that an HTTP API has decoded, and fails the function",
		},
	}
}

// headRows are the rows that are about more than the body.
func headRows() (names []string) {
	for _, r := range refusals() {
		if r.number == 10 {
			names = append(names, r.name)
		}
	}
	return names
}

// asEvent are the columns whose events we make ourselves, and so choose how
// the body stands in them.
func asEvent(c *column) bool {
	return c.group == groupEvents && c.name != "text"
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
