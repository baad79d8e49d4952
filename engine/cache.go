package engine

// idleList is the cache: the instances without work, the one that has been so
// for the longest first. The zero value is empty.
type idleList struct {
	first, last *instance
	bytes       int
}

// instanceBytes is about what an instance takes in memory, besides its state.
const instanceBytes = 512

func (l *idleList) add(inst *instance) {
	inst.idleBytes = instanceBytes + len(inst.address.ID)
	for i := range inst.cells {
		inst.idleBytes += 64 + len(inst.cells[i].Value)
	}
	l.bytes += inst.idleBytes
	inst.idlePrev, inst.idleNext = l.last, nil
	if l.last == nil {
		l.first = inst
	} else {
		l.last.idleNext = inst
	}
	l.last = inst
}

// remove takes inst out, if it is in.
func (l *idleList) remove(inst *instance) {
	if inst.idleBytes == 0 {
		return
	}
	if inst.idlePrev == nil {
		l.first = inst.idleNext
	} else {
		inst.idlePrev.idleNext = inst.idleNext
	}
	if inst.idleNext == nil {
		l.last = inst.idlePrev
	} else {
		inst.idleNext.idlePrev = inst.idlePrev
	}
	l.bytes -= inst.idleBytes
	inst.idlePrev, inst.idleNext, inst.idleBytes = nil, nil, 0
}

// rest puts an instance without work into the cache.
func (e *Engine) rest(inst *instance) {
	inst.phase = idle
	e.idle.add(inst)
	e.evict()
}

// evict forgets the oldest instances while the cache is too large. One whose
// state is not on disk yet must stay, since its cells are the newest there
// are; the next group brings it there.
func (e *Engine) evict() {
	for e.idle.bytes > e.opts.CacheBytes && e.idle.first != nil && e.idle.first.group <= e.log.durable {
		inst := e.idle.first
		e.idle.remove(inst)
		delete(e.instances, inst.address)
	}
}
