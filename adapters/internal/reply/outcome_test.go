package reply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
	"github.com/statefun-go/statefun-go/statefun"
)

func TestEveryOutcomeHasItsStatus(t *testing.T) {
	t.Parallel()
	want := map[reply.Outcome]int{
		reply.Done:            200,
		reply.Failed:          500,
		reply.UnknownFunction: 503,
		reply.Deadline:        503,
		reply.Overloaded:      503,
		reply.Draining:        503,
		reply.Incomplete:      503,
		reply.Malformed:       400,
		reply.Empty:           400,
		reply.Forbidden:       403,
		reply.WrongMethod:     405,
		reply.WrongType:       415,
		reply.WrongEncoding:   415,
		reply.RequestTooLarge: 413,
		reply.AnswerTooLarge:  413,
	}
	all := reply.Outcomes()
	if len(all) != len(want) {
		t.Fatalf("the table has %d outcomes, this test %d", len(all), len(want))
	}
	for _, o := range all {
		answer := o.Answer()
		if o.Status() != want[o] || answer.Status != want[o] || answer.Outcome != o {
			t.Errorf("outcome %d: status %d, answer %+v, want %d", o, o.Status(), answer, want[o])
		}
		checkText(t, o, answer)
	}
}

// checkText: a result is of Flink's type to the letter, an error is short text.
func checkText(t *testing.T, o reply.Outcome, answer reply.Answer) {
	t.Helper()
	if o == reply.Done {
		if answer.ContentType != "application/octet-stream" || len(answer.Body) != 0 {
			t.Errorf("the answer of Done is %+v", answer)
		}
		return
	}
	text := string(answer.Body)
	if answer.ContentType != "text/plain; charset=utf-8" || len(text) == 0 || len(text) > 80 || !strings.HasSuffix(text, "\n") {
		t.Errorf("outcome %d answers %q as %q", o, text, answer.ContentType)
	}
}

func TestOutcomesThatDoNotExistAreFailures(t *testing.T) {
	t.Parallel()
	for _, o := range []reply.Outcome{-1, reply.Outcome(len(reply.Outcomes()))} {
		if o.Status() != 500 {
			t.Errorf("outcome %d has status %d", o, o.Status())
		}
	}
}

func TestEveryCodeHasAnOutcome(t *testing.T) {
	t.Parallel()
	want := map[statefun.Code]reply.Outcome{
		statefun.CodeUnknown:         reply.Failed,
		statefun.CodeMalformed:       reply.Malformed,
		statefun.CodeUnknownFunction: reply.UnknownFunction,
		statefun.CodeFailed:          reply.Failed,
		statefun.CodePanicked:        reply.Failed,
		statefun.CodeDeadline:        reply.Deadline,
		statefun.CodeTooLarge:        reply.AnswerTooLarge,
	}
	code := statefun.Code(0)
	for ; !strings.HasPrefix(code.String(), "code "); code++ {
		outcome, ok := want[code]
		if !ok {
			t.Errorf("code %d (%v) is not in this table", code, code)
		}
		err := fmt.Errorf("wrapped: %w", &statefun.Error{Code: code, Index: -1, Err: errors.New("cause")})
		if got := reply.OutcomeOf(err); got != outcome {
			t.Errorf("code %v is outcome %d, want %d", code, got, outcome)
		}
	}
	if int(code) != len(want) {
		t.Errorf("the core has %d codes, this table %d", code, len(want))
	}
	future := &statefun.Error{Code: code, Index: -1, Err: errors.New("cause")}
	for _, err := range []error{future, errors.New("plain"), context.Canceled} {
		if got := reply.OutcomeOf(err); got != reply.Failed {
			t.Errorf("%v is outcome %d, want Failed", err, got)
		}
	}
	if got := reply.OutcomeOf(nil); got != reply.Done {
		t.Errorf("no error is outcome %d, want Done", got)
	}
}
