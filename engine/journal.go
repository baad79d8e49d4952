package engine

import (
	"errors"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// journal is the log of results: what has been decided, in order, cut into
// groups. At most two groups exist: current takes what is decided now, sealed
// is being written. What is read through the journal is as new as the last
// decision, durable or not. The engine's lock guards it.
//
// A group holds the net effect of its decisions on the keys of the store, so
// a message that is sent and consumed within one group leaves nothing to
// write.
type journal struct {
	store   store.Store
	current *group
	sealed  *group        // nil while nothing is being written
	durable uint64        // number of the last group on disk
	wake    chan struct{} // tells the committer that current has content
}

// group is a piece of the log that becomes durable as a whole.
type group struct {
	number   uint64
	dirty    bool // something was decided, even if nothing of it is left to write
	changes  store.Changes
	bytes    int
	messages []*message        // put into mailboxes in this group
	records  map[*queue]uint64 // the last sequence number of each egress queue

	sealed chan struct{} // closed when the group takes no more
	done   chan struct{} // closed when the group is durable or lost
	err    error         // why it is lost; set before done is closed
}

func newGroup(number uint64) *group {
	return &group{
		number: number, changes: make(store.Changes), records: make(map[*queue]uint64),
		sealed: make(chan struct{}), done: make(chan struct{}),
	}
}

func newJournal(s store.Store) journal {
	return journal{store: s, current: newGroup(1), wake: make(chan struct{}, 1)}
}

// get returns the newest value of key, or [store.ErrNotFound].
func (j *journal) get(key []byte) ([]byte, error) {
	for _, g := range [2]*group{j.current, j.sealed} {
		if g == nil {
			continue
		}
		if v, ok := g.changes[wire.View(key)]; ok {
			if v == nil {
				return nil, store.ErrNotFound
			}
			return v, nil
		}
	}
	return j.store.Get(key)
}

// has reports whether key has a value.
func (j *journal) has(key []byte) (bool, error) {
	_, err := j.get(key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// set gives key a value, which is not nil. The journal keeps both slices.
func (j *journal) set(key, value []byte) { j.change(key, value, len(value)) }

// remove takes the value of key away.
func (j *journal) remove(key []byte) { j.change(key, nil, 0) }

// retract is remove for a key that is set only once ever, such as a message's:
// if that was in the current group, nothing is left to write. What the group
// counts for the key stays: it still knows the message.
func (j *journal) retract(key []byte) {
	if v, ok := j.current.changes[wire.View(key)]; ok {
		delete(j.current.changes, wire.View(key))
		j.touch(-len(v))
		return
	}
	j.remove(key)
}

func (j *journal) change(key, value []byte, size int) {
	bytes := changeBytes(key, size)
	if old, ok := j.current.changes[wire.View(key)]; ok {
		bytes -= changeBytes(key, len(old))
	}
	j.current.changes[wire.View(key)] = value
	j.touch(bytes)
}

// touch notes that something was decided in the current group, and wakes the
// committer.
func (j *journal) touch(bytes int) {
	j.current.bytes += bytes
	if j.current.dirty {
		return
	}
	j.current.dirty = true
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// changeBytes is about what one change takes in memory.
func changeBytes(key []byte, size int) int { return len(key) + size + 64 }

// seal closes the current group and begins the next. It returns nil if there
// is nothing to make durable.
func (j *journal) seal() *group {
	g := j.current
	if !g.dirty {
		return nil
	}
	j.sealed, j.current = g, newGroup(g.number+1)
	close(g.sealed)
	return g
}

// settle says how the writing of the sealed group ended.
func (j *journal) settle(err error) {
	g := j.sealed
	g.err = err
	close(g.done)
	if err == nil {
		j.sealed, j.durable = nil, g.number
		return
	}
	j.current.err = err // nothing after a lost group can become durable
	close(j.current.done)
}
