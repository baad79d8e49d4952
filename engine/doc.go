// Package engine runs StateFun applications in one process, durably.
//
// An [Engine] stands between ingresses, functions and egresses. It keeps a
// mailbox, state and timers for every address, sends waiting messages to
// functions in batches over the request-reply protocol, and applies each
// answer atomically: the consumed messages, the state, the messages sent, the
// timers and the egress records of one answer are all kept, or none of them.
//
// # Parts
//
// The engine knows its parts only by the interfaces of component.go: [Caller],
// [Ingress], [Egress]. It opens no socket and reads no file besides its store.
// Package engine/endpoint calls functions over HTTP, engine/playground is the
// HTTP ingress and egress, engine/module reads module.yaml, and engine/app
// builds an engine from a module. They import this package; this package
// imports none of them.
//
// # Durability
//
// Results are appended to one log, which is cut into groups; a committer
// writes group after group, each as one synced batch, while the next one
// fills. Functions may be called with messages that are not on disk yet,
// since all that a call does is its answer, and that comes later in the same
// log. What leaves the process waits for the disk: [Sink.Send] returns, and an
// [Outbox] shows a record, when the group that holds it is durable.
package engine
