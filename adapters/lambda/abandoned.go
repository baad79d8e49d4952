package statefunlambda

import (
	"sync/atomic"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// maxAbandoned is how many abandoned calls may go on in one process, for each
// invocation that it has at a time.
const maxAbandoned = 16

// abandoned counts the calls that were answered at their deadline and still run.
type abandoned struct{ running atomic.Int32 }

// bound returns answer. Where too many abandoned calls do not end, it does so
// only after this one has: Lambda then ends the process, with all that hangs in
// it, and starts another.
func (a *abandoned) bound(answer reply.Answer) reply.Answer {
	if !answer.Abandoned() {
		return answer
	}
	ended := func() {
		answer.Wait()
		a.running.Add(-1)
	}
	if int(a.running.Add(1)) > maxAbandoned*lambdacontext.MaxConcurrency() {
		ended()
	} else {
		go ended()
	}
	return answer
}
