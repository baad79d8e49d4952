package lambdalocal

import "time"

// SetInitTimeout shortens the time that a bootstrap has for its first poll.
func (o *Options) SetInitTimeout(d time.Duration) { o.initTimeout = d }

// SetSettleTimeout changes how long an answer is kept back for its bootstrap to
// ask for the next event.
func (o *Options) SetSettleTimeout(d time.Duration) { o.settleTimeout = d }

// SetShutdownGrace changes the time from SIGTERM to SIGKILL.
func (o *Options) SetShutdownGrace(d time.Duration) { o.shutdownGrace = d }
