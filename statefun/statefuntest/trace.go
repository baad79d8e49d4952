package statefuntest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// What a failure shows: so many steps at most, and of these the last in so many
// lines, though the last one whole.
const (
	traceLength = 20
	traceLines  = 200
)

// trace remembers the last steps as bytes; they become words only when a test
// fails.
type trace struct {
	version wire.Version
	start   int64
	steps   [traceLength]step
	total   int
}

func (t *trace) begin(number int, at int64, request []byte) *step {
	s := &t.steps[t.total%traceLength]
	t.total++
	*s = step{number: number, at: at, request: request}
	return s
}

// String returns the last steps, the oldest first.
func (t *trace) String() string {
	var steps []stepText
	for i := max(0, t.total-traceLength); i < t.total; i++ {
		steps = append(steps, t.steps[i%traceLength].text(t))
	}
	if len(steps) == 0 {
		return "no function has been called yet"
	}
	parts := collapse(steps)
	first, lines := len(parts), 0
	for first > 0 {
		lines += strings.Count(parts[first-1], "\n")
		if lines > traceLines && first < len(parts) {
			break
		}
		first--
	}
	return strings.Join(parts[first:], "")
}

// collapse returns the texts of the steps, with one line for what repeats the
// steps before it, as functions do that send to each other for ever.
func collapse(steps []stepText) (parts []string) {
	for i := 0; i < len(steps); {
		round, again := repeats(steps[i:])
		for range round {
			parts = append(parts, steps[i].head()+" "+steps[i].body)
			i++
		}
		if again == 0 {
			continue
		}
		what, times := "step", ""
		if round > 1 {
			what = fmt.Sprintf("%d steps", round)
		}
		if again > 1 {
			times = fmt.Sprintf(", %d times", again)
		}
		first, last := &steps[i], &steps[i+round*again-1]
		parts = append(parts, fmt.Sprintf("#%d to %s: the %s above again%s\n", first.number, last.head(), what, times))
		i += round * again
	}
	return parts
}

// repeats returns how many steps the shortest round at the beginning has, and
// how many times the same steps follow it.
func repeats(steps []stepText) (round, again int) {
	for round = 1; round <= len(steps)/2; round++ {
		for again = 0; sameSteps(steps[:round], steps[round*(again+1):]); {
			again++
		}
		if again > 0 {
			return round, again
		}
	}
	return 1, 0
}

func sameSteps(a, b []stepText) bool {
	return len(a) <= len(b) && slices.EqualFunc(a, b[:len(a)], func(a, b stepText) bool { return a.body == b.body })
}
