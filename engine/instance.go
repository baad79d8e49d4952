package engine

import (
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// instance is an address that has work, or that had some lately and whose
// state is kept at hand. Everything else about an address is in the store.
//
// The engine's lock guards it, except that anew, cells and the batch belong to
// the goroutine that serves the instance while its phase is serving.
type instance struct {
	address wire.Address
	fn      *function
	phase   instancePhase

	queue fifo[*message]
	batch []*message // in flight, or to be sent again; stays as it is until its answer is applied

	cells []semantics.Cell // values of the first len(cells) states of fn
	group uint64           // the last group with a change to cells

	anew     bool      // the next request is without states: see [Engine.exchange]
	failures int       // attempts of batch that failed
	since    time.Time // when the first attempt began, moved on by the time in the ready queue since
	retryAt  time.Time

	idleBytes          int // in the cache: what it counts for
	idleNext, idlePrev *instance
}

// instancePhase is where an instance is on its way.
type instancePhase int

const (
	idle    instancePhase = iota // no work; in the cache
	ready                        // in the ready queue of its function
	serving                      // a goroutine calls the function
	resting                      // the last attempt failed; in the heap of retries
)

// message is a waiting message. Its content may be in the store only.
type message struct {
	number     uint64
	group      uint64 // of the log; 0 for one of an earlier run
	size       int
	queued     bool // not part of a batch
	spilled    bool // content is empty, and in the store
	invocation wire.Invocation
}

// instanceOf returns the instance with this address.
func (e *Engine) instanceOf(a wire.Address) *instance {
	if inst := e.instances[a]; inst != nil {
		return inst
	}
	f := e.functionOf(a)
	a = wire.Address{Namespace: f.name.Namespace, Name: f.name.Name, ID: strings.Clone(a.ID)}
	inst := &instance{address: a, fn: f}
	e.instances[a] = inst
	return inst
}

// deliver puts a message into the mailbox of to, and the log.
func (e *Engine) deliver(to wire.Address, m wire.Invocation) {
	e.number++
	stored := store.Message(&m)
	m.Argument = stored[len(stored)-len(m.Argument):] // lets go of the bytes it came in
	msg := &message{number: e.number, group: e.log.current.number, size: len(stored), invocation: m}
	e.log.set(store.MessageKey(to, msg.number), stored)
	e.log.current.messages = append(e.log.current.messages, msg)
	e.messageBytes.Add(int64(msg.size))
	e.enqueue(e.instanceOf(to), msg)
}

// enqueue puts a message into a mailbox.
func (e *Engine) enqueue(inst *instance, m *message) {
	m.queued = true
	inst.queue.push(m)
	inst.fn.waiting++
	if inst.phase == idle && inst.fn.binding != nil {
		e.idle.remove(inst)
		e.ready(inst)
	}
}

// ready puts an instance with work into the ready queue.
func (e *Engine) ready(inst *instance) {
	inst.phase = ready
	inst.fn.ready.push(inst)
	e.dispatch(inst.fn)
}

// messageOverhead keeps a batch of very small messages within the number of
// messages that a request may have, whatever the limits.
const messageOverhead = 16

// take makes the next batch of an instance, unless it has one that failed: that
// is sent again as it was. The time that it waited for its turn is no part of
// its budget, which is the function's.
func (e *Engine) take(inst *instance) {
	inst.phase = serving
	if len(inst.batch) > 0 {
		inst.since = inst.since.Add(time.Since(inst.retryAt))
		return
	}
	limit, bytes := inst.fn.binding.MaxBatch, 0
	for inst.queue.len() > 0 && (limit < 0 || len(inst.batch) < limit) {
		m := inst.queue.first()
		if bytes += m.size + messageOverhead; bytes > e.opts.RequestBytes && len(inst.batch) > 0 {
			break
		}
		m.queued = false
		inst.batch = append(inst.batch, inst.queue.pop())
	}
	inst.since = time.Now()
}

// consume removes the batch whose answer is applied.
func (e *Engine) consume(inst *instance) {
	for i, m := range inst.batch {
		e.log.retract(store.MessageKey(inst.address, m.number))
		e.messageBytes.Add(-int64(m.size))
		m.invocation = wire.Invocation{} // its group knows it until that is on disk
		inst.batch[i] = nil
	}
	inst.fn.waiting -= len(inst.batch)
	inst.batch = inst.batch[:0]
	if cap(inst.batch) > 64 {
		inst.batch = nil
	}
}

// spill leaves the content of a message to the store, if it is there.
func (e *Engine) spill(m *message) {
	if m.spilled || m.group > e.log.durable {
		return
	}
	m.spilled, m.invocation = true, wire.Invocation{}
	e.messageBytes.Add(-int64(m.size))
}
