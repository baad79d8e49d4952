package lambdalocal

import "time"

// Limits of Lambda and of what stands in front of it.
const (
	// MaxEvent is the largest event that Lambda takes, in bytes of JSON.
	MaxEvent = 6_291_456
	// MaxReply is the largest reply of a function, in bytes. A larger one is
	// answered with 413 on the Runtime API and becomes a function error.
	MaxReply = 6_291_556

	maxGatewayBody = 10 << 20 // of an API Gateway, in bytes
	maxALBBody     = 1 << 20  // of a load balancer, in bytes
	maxALBReply    = 1 << 20  // of a load balancer, in bytes of JSON
)

// Times of Lambda and of what stands in front of it.
const (
	// DefaultTimeout is the timeout of the function, unless Options say
	// another: just below what gateways wait.
	DefaultTimeout = 29 * time.Second
	// MaxTimeout is the longest timeout that a function can have.
	MaxTimeout = 15 * time.Minute

	restTimeout = 29 * time.Second // a REST API answers 504 after it
	httpTimeout = 30 * time.Second // an HTTP API answers 503 after it
	albTimeout  = 60 * time.Second // a load balancer answers 504 after it: its idle timeout

	initTimeout   = 10 * time.Second       // from the start of a bootstrap to its first poll
	settleTimeout = 100 * time.Millisecond // an answer is kept back until its bootstrap asks for the next event: in a fraction of this, unless it has work of its own
	shutdownGrace = 500 * time.Millisecond // from SIGTERM to SIGKILL, where an extension is registered
)
