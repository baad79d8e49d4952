package lambdalocal

import "time"

// SetInitTimeout shortens the time that a bootstrap has for its first poll.
func (o *Options) SetInitTimeout(d time.Duration) { o.initTimeout = d }
