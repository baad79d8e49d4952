package reply

import "sync"

// Answer is one complete answer. Its caller writes Status, ContentType and
// Body, all of Body at once and never in chunks, and then calls Release.
type Answer struct {
	Outcome     Outcome
	Status      int    // an HTTP status
	ContentType string // [OctetStream] or [PlainText]
	Body        []byte // valid until Release; not to be written to

	buffer *buffer // what Body lies in, where it can be used again
	call   *call   // the call that still runs although it has been given up
}

// Release ends the use of Body, whose memory may serve another answer from
// then on. Call it once, and only where nothing can still read Body: an answer
// that is never released is garbage like any other.
func (a Answer) Release() {
	if a.buffer != nil {
		a.buffer.put(a.Body)
	}
}

// Abandoned tells whether the answer was given before its call ended, because
// the call's context did.
func (a Answer) Abandoned() bool { return a.call != nil }

// Wait returns when the call behind an abandoned answer has ended, and at once
// for every other answer. At most one goroutine may wait for an answer.
func (a Answer) Wait() {
	if a.call != nil {
		<-a.call.done
	}
}

// maxPooled is the largest buffer, in bytes, that is kept for another answer.
// A few huge answers must not hold their memory for ever.
const maxPooled = 1 << 20

// buffer is memory for an answer. It belongs to the pool that it came from.
type buffer struct {
	bytes []byte
	pool  *sync.Pool
}

// put gives b back, with the memory that it has grown into.
func (b *buffer) put(grown []byte) {
	if cap(grown) > maxPooled {
		return
	}
	b.bytes = grown[:0]
	b.pool.Put(b)
}
