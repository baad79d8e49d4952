package statefuntest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

func TestCollapse(t *testing.T) {
	t.Parallel()
	tests := []struct{ steps, want string }{
		{"", ""},
		{"a", "#1 +0s a\n"},
		{"abc", "#1 +0s a\n#2 +1s b\n#3 +2s c\n"},
		{"aab", "#1 +0s a\n#2 to #2 +1s: the step above again\n#3 +2s b\n"},
		{"aaaa", "#1 +0s a\n#2 to #4 +3s: the step above again, 3 times\n"},
		{"abababa", "#1 +0s a\n#2 +1s b\n#3 to #6 +5s: the 2 steps above again, 2 times\n#7 +6s a\n"},
		{"xabab", "#1 +0s x\n#2 +1s a\n#3 +2s b\n#4 to #5 +4s: the 2 steps above again\n"},
	}
	for _, test := range tests {
		var steps []stepText
		for i, body := range test.steps {
			steps = append(steps, stepText{i + 1, time.Duration(i) * time.Second, string(body) + "\n"})
		}
		if got := strings.Join(collapse(steps), ""); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.steps, got, test.want)
		}
	}
}

// busyStep returns a step with n messages, sends, delayed sends and records,
// which failed at message index.
func busyStep(number, n, index int) step {
	request := wire.Request{HasBatch: true, HasTarget: true, Target: wire.Address{Namespace: "lab", Name: "worker", ID: fmt.Sprint(number)}}
	answer := wire.BeginResult(nil)
	val := wire.Value{TypeName: "lab/x", Has: true, Data: []byte("x")}
	for i := range n {
		text := wire.AppendValue(nil, wire.V3, wire.Value{TypeName: "lab/x", Has: true, Data: fmt.Appendf(nil, "number %d", i)})
		request.Invocations = append(request.Invocations, wire.Invocation{HasArgument: true, Argument: text})
		answer = wire.AppendMessage(answer, wire.V3, request.Target, val)
		answer = wire.AppendDelayed(answer, wire.V3, 1, request.Target, val, "")
		answer = wire.AppendEgress(answer, wire.V3, "lab", "out", val)
	}
	return step{
		number: number, request: wire.AppendRequest(nil, &request), answer: wire.EndResult(answer, 0),
		err: &statefun.Error{Code: statefun.CodeFailed, Index: index, Err: errors.New("oh")},
	}
}

// A step shows a few messages, and the one that failed.
func TestStepIsShort(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n, index   int
		want, lack []string
	}{
		{5, 0, []string{"4:   lab/x number 4 "}, []string{"more"}},
		{6, 0, []string{"and 1 more messages", "and 1 more sends", "and 1 more delayed", "and 1 more records"}, []string{"number 5"}},
		{9, 7, []string{"and 2 more messages", "7:   lab/x number 7 ", "and 1 more messages"}, []string{"number 5", "number 8"}},
		{6, 5, []string{"4:   lab/x number 4 ", "5:   lab/x number 5 "}, []string{"more messages"}},
		{7, 9, []string{"and 2 more messages"}, []string{"number 5"}},
	} {
		s := busyStep(1, test.n, test.index)
		text := s.text(&trace{version: wire.V3}).body
		for _, w := range test.want {
			if !strings.Contains(text, w) {
				t.Errorf("%d messages: no %q in:\n%s", test.n, w, text)
			}
		}
		for _, l := range test.lack {
			if strings.Contains(text, l) {
				t.Errorf("%d messages: %q in:\n%s", test.n, l, text)
			}
		}
	}
}

// Many long steps are cut at a step's beginning; the last one is always whole.
func TestTraceLines(t *testing.T) {
	t.Parallel()
	tr := trace{version: wire.V3}
	for i := range 2 * traceLength {
		*tr.begin(0, 0, nil) = busyStep(i+1, 100, -1)
	}
	text := tr.String()
	if n := strings.Count(text, "\n"); n > traceLines || n < traceLines-30 {
		t.Errorf("%d lines", n)
	}
	if !strings.HasPrefix(text, "#") || !strings.Contains(text, "#40 ") {
		t.Errorf("trace:\n%s", text)
	}
}
