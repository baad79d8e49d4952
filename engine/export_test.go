package engine

// MessageBytes shows how many bytes of waiting messages are in memory.
func (e *Engine) MessageBytes() int64 { return e.messageBytes.Load() }

// Instances shows how many addresses are in memory.
func (e *Engine) Instances() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.instances)
}
