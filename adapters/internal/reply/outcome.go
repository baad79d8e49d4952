package reply

import "github.com/statefun-go/statefun-go/statefun"

// The content types that an adapter answers with.
const (
	// OctetStream is the type of every result. Flink's OkHttp transport
	// compares the whole header for equality, so nothing may be added to it.
	OctetStream = "application/octet-stream"
	// PlainText is the type of every error.
	PlainText = "text/plain; charset=utf-8"
)

// Allow is the value of the Allow header that belongs to status 405.
const Allow = "POST"

// Outcome is how one request ended. Every way to end is one Outcome, and every
// Outcome has one status and one text: this is the table that all adapters
// share.
//
// What Flink makes of the status decides the choice: on its OkHttp transport
// 400, 403, 405, 413 and 415 fail the job at once, and everything from 500 on
// is sent again until the call timeout. Its async transport sends all of them
// again. So what a later attempt can mend is a 5xx.
type Outcome int

// The outcomes.
const (
	Done            Outcome = iota // a result, or the states that the function still needs
	Failed                         // the function, a middleware or a codec failed or panicked
	UnknownFunction                // not registered here; in a rolling deploy it soon is
	Deadline                       // the call took longer than it may
	Overloaded                     // too many requests run at once
	Draining                       // this process is about to end
	Incomplete                     // the body was cut off or took too long to arrive
	Malformed                      // the body is not a request
	Empty                          // there is no body
	Forbidden                      // no valid secret
	WrongMethod                    // anything but POST
	WrongType                      // a content type other than OctetStream
	WrongEncoding                  // a content encoding other than identity
	RequestTooLarge                // the body is over the limit
	AnswerTooLarge                 // the result is over the limit
)

// Outcomes lists all outcomes, in order.
func Outcomes() []Outcome {
	all := make([]Outcome, len(rows))
	for i := range rows {
		all[i] = Outcome(i)
	}
	return all
}

// row is a line of the table. The text is all that a caller sees of an error:
// what the function says goes to the log only.
type row struct {
	status int
	text   string
}

var rows = [...]row{
	Done:            {200, ""},
	Failed:          {500, "function failed\n"},
	UnknownFunction: {503, "unknown function\n"},
	Deadline:        {503, "deadline exceeded\n"},
	Overloaded:      {503, "too many requests at once\n"},
	Draining:        {503, "shutting down\n"},
	Incomplete:      {503, "request body incomplete\n"},
	Malformed:       {400, "malformed request\n"},
	Empty:           {400, "empty request body\n"},
	Forbidden:       {403, "forbidden\n"},
	WrongMethod:     {405, "method not allowed: use POST\n"},
	WrongType:       {415, "unsupported content type: use application/octet-stream\n"},
	WrongEncoding:   {415, "unsupported content encoding: use identity\n"},
	RequestTooLarge: {413, "request too large\n"},
	AnswerTooLarge:  {413, "answer too large\n"},
}

// row returns the line of o; an Outcome that does not exist is a failure.
func (o Outcome) row() row {
	if o < 0 || int(o) >= len(rows) {
		return rows[Failed]
	}
	return rows[o]
}

// Status returns the HTTP status of o.
func (o Outcome) Status() int { return o.row().status }

// Answer returns the fixed answer of o. That of [Done] is an empty result.
func (o Outcome) Answer() Answer {
	r := o.row()
	if o == Done {
		return Answer{Outcome: o, Status: r.status, ContentType: OctetStream}
	}
	return Answer{Outcome: o, Status: r.status, ContentType: PlainText, Body: []byte(r.text)}
}

// OutcomeOf returns what the error of a call comes to. It knows every code;
// an error without a code, and a code that is added later, is a failure.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	switch statefun.CodeOf(err) {
	case statefun.CodeMalformed:
		return Malformed
	case statefun.CodeUnknownFunction:
		return UnknownFunction
	case statefun.CodeDeadline:
		return Deadline
	case statefun.CodeTooLarge:
		return AnswerTooLarge
	case statefun.CodeFailed, statefun.CodePanicked, statefun.CodeUnknown:
		return Failed
	default:
		return Failed
	}
}
