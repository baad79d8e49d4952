package lambdalocal

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Response is what an invocation ended with.
type Response struct {
	// Payload is what the function replied, or, where FunctionError is set, an
	// object with errorType and errorMessage. The caller owns it.
	Payload []byte
	// FunctionError is empty after success, and "Unhandled" where the function
	// reported an error, exited, could not start, took too long or replied too
	// much.
	FunctionError string
	// RequestID is the number of the invocation, which the function was told.
	RequestID string
}

// invocation is one event on its way through an environment.
type invocation struct {
	id      string
	trace   string
	payload []byte

	once     sync.Once
	done     chan struct{} // closed when response is there
	complete chan struct{} // closed when the bootstrap has asked for the next one, or has ended
	response Response
	timer    *time.Timer // ends the environment; guarded by its mutex
}

func newInvocation(payload []byte, trace string) *invocation {
	return &invocation{id: newUUID(), trace: trace, payload: payload, done: make(chan struct{}), complete: make(chan struct{})}
}

// answer ends the invocation, unless it has ended, and reports whether it did.
func (i *invocation) answer(payload []byte, functionError string) (first bool) {
	i.once.Do(func() {
		i.response = Response{Payload: payload, FunctionError: functionError, RequestID: i.id}
		first = true
		close(i.done)
	})
	return first
}

// fail ends the invocation with an error of the platform.
func (i *invocation) fail(f fault) {
	i.answer(f.payload(i.id), unhandled)
}

func (i *invocation) answered() bool {
	select {
	case <-i.done:
		return true
	default:
		return false
	}
}

const unhandled = "Unhandled"

// fault is why an invocation fails for which the function has no reply.
type fault struct {
	kind, text string
	reported   []byte // by the bootstrap itself, in place of kind and text
}

// payload returns the fault as Lambda tells it to whoever invoked.
func (f fault) payload(id string) []byte {
	if f.reported != nil {
		return f.reported
	}
	return errorJSON(f.kind, fmt.Sprintf("RequestId: %s Error: %s", id, f.text))
}

// errorJSON returns an error in the form that Lambda has everywhere.
func errorJSON(kind, text string) []byte {
	data, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, text})
	if err != nil {
		panic(err) // strings always marshal
	}
	return data
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	id := randomBytes(16)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// newTrace returns the header with which X-Ray follows a request.
func newTrace(now time.Time) string {
	return fmt.Sprintf("Root=1-%08x-%s", now.Unix(), hex.EncodeToString(randomBytes(12)))
}

func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // it never fails
	return data
}
