package engine

import (
	"slices"
	"strings"
	"sync"

	"github.com/statefun-go/statefun-go/engine/store"
)

// outbox is the [Outbox] of one egress.
type outbox struct {
	engine *Engine
	id     TypeName
	egress Egress
	queues map[string]*queue // guarded by the engine's lock
}

// queue is one queue of an outbox.
type queue struct {
	name string
	// The numbers of the last record, and of the last one on disk. The engine's
	// lock guards them.
	last, durable uint64

	mu       sync.Mutex // held while the store is read; taken before the engine's lock
	cursor   uint64     // every record up to here has been handed out
	returned []uint64   // handed out and given back, ascending
}

// queueOf returns the queue with this name, new or not.
func (o *outbox) queueOf(name string) *queue {
	q := o.queues[name]
	if q == nil {
		q = &queue{name: name}
		o.queues[name] = q
	}
	return q
}

// append adds a record in the current group. The engine's lock is held.
func (o *outbox) append(r *Record) {
	q := o.queues[r.Queue]
	if q == nil {
		q = o.queueOf(strings.Clone(r.Queue))
	}
	q.last++
	log := &o.engine.log
	log.set(store.RecordKey(o.id.Namespace, o.id.Name, q.name, q.last), store.Record(r.Key, r.Value))
	log.set(store.QueueKey(o.id.Namespace, o.id.Name, q.name), store.Number(q.last))
	log.current.records[q] = q.last
}

// Take implements [Outbox].
func (o *outbox) Take(name string) (Delivery, bool, error) {
	o.engine.mu.Lock()
	q := o.queues[name]
	o.engine.mu.Unlock()
	if q == nil {
		return Delivery{}, false, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	from, given := q.cursor+1, false
	if len(q.returned) > 0 {
		from, given = q.returned[0], true
	}
	d, ok, err := o.read(q, from)
	switch {
	case err != nil || !ok:
		return Delivery{}, false, err
	case given:
		q.returned = q.returned[1:]
	default:
		q.cursor = d.Sequence
	}
	return d, true, nil
}

// read returns the first durable record from a number on.
func (o *outbox) read(q *queue, from uint64) (d Delivery, ok bool, err error) {
	o.engine.mu.Lock()
	durable := q.durable
	o.engine.mu.Unlock()
	if from > durable {
		return Delivery{}, false, nil
	}
	lower := store.RecordKey(o.id.Namespace, o.id.Name, q.name, from)
	upper := store.RecordKey(o.id.Namespace, o.id.Name, q.name, durable+1)
	scanErr := o.engine.log.store.Scan(lower, upper, func(key, value []byte) bool {
		ok = true
		d, err = parseRecord(q.name, key, slices.Clone(value))
		return false
	})
	if scanErr != nil {
		err = scanErr
	}
	if err != nil {
		return Delivery{}, false, storageError(err)
	}
	return d, ok, nil
}

func parseRecord(queue string, key, value []byte) (Delivery, error) {
	sequence, err := store.ParseRecordKey(key)
	if err != nil {
		return Delivery{}, err
	}
	recordKey, payload, err := store.ParseRecord(value)
	if err != nil {
		return Delivery{}, err
	}
	return Delivery{Record{Queue: queue, Key: recordKey, Value: payload}, sequence}, nil
}

// Remove implements [Outbox].
func (o *outbox) Remove(d Delivery) error {
	e := o.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase >= stopped {
		return ErrStopped
	}
	e.log.remove(store.RecordKey(o.id.Namespace, o.id.Name, d.Queue, d.Sequence))
	return nil
}

// Release implements [Outbox].
func (o *outbox) Release(d Delivery) {
	o.engine.mu.Lock()
	q := o.queues[d.Queue]
	o.engine.mu.Unlock()
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if at, found := slices.BinarySearch(q.returned, d.Sequence); !found && d.Sequence <= q.cursor {
		q.returned = slices.Insert(q.returned, at, d.Sequence)
	}
}
