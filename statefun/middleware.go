package statefun

import "context"

// BatchFunc runs one batch. See [Options].Batch.
type BatchFunc func(ctx context.Context, b *Batch) error

// BatchMiddleware wraps the running of batches. It may pass on a context of
// its own, look at the error and replace it, and call next again, which starts
// the batch anew. Returning nil without a successful call of next is an error:
// the messages would be lost.
type BatchMiddleware func(next BatchFunc) BatchFunc

// MessageFunc runs one message. See [Options].Message.
type MessageFunc func(ctx context.Context, inv *Invocation) error

// MessageMiddleware wraps the running of messages. It sees what the function
// returned, or the failure that its calls left behind; a panic comes as an
// [*Error]; and an error before it is dead-lettered. It may send and write
// state itself, replace the error, and call next again, which first rolls back
// what the message did so far. Returning nil without calling next takes the
// message as done; returning nil after next failed does not hide the failure.
type MessageMiddleware func(next MessageFunc) MessageFunc

// Batch describes a batch to [BatchMiddleware]. It is a view of the request
// and may be kept.
type Batch struct {
	b         *batch
	target    Address
	length    int
	request   int
	answer    int
	handshake bool
}

// Target returns the address that the batch is for.
func (b *Batch) Target() Address { return b.target }

// Len returns the number of messages.
func (b *Batch) Len() int { return b.length }

// RequestBytes returns the size of the encoded request.
func (b *Batch) RequestBytes() int { return b.request }

// AnswerBytes returns the size of the encoded answer, and 0 before next has
// returned successfully.
func (b *Batch) AnswerBytes() int { return b.answer }

// Handshake reports whether the request lacks declared states, so that the
// answer only asks for them and no message runs.
func (b *Batch) Handshake() bool { return b.handshake }
