package engine

// MessageBytes shows how many bytes of waiting messages are in memory.
func (e *Engine) MessageBytes() int64 { return e.messageBytes.Load() }

// Instances shows how many addresses are in memory.
func (e *Engine) Instances() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.instances)
}

// Timers shows how many delayed messages are in memory, with cancelled ones.
func (e *Engine) Timers() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.timers.len()
}

// GroupMessages shows how many messages the current group knows, and the bytes
// of their content.
func (e *Engine) GroupMessages() (n, bytes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.log.current.messages {
		bytes += len(m.invocation.Argument)
	}
	return len(e.log.current.messages), bytes
}
