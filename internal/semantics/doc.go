// Package semantics is what a StateFun runtime does with an answer: the rules
// of PROTOCOL versions 3 and 2 as Apache Flink Stateful Functions carries them
// out, once, for every runtime in this repository.
//
// It decides and never acts. Nothing here reads a clock, keeps a queue or
// touches a disk: time comes in as Unix milliseconds, what else must be known
// comes in through [Env], and what is to be done comes out as a [Plan]. A
// runtime that carries out a plan atomically, or fails, does what Flink does.
//
// How a runtime uses it, for one address:
//
//	cells of the address    →  [States.Attach]: expiry, and what a read renews
//	states and invocations  →  [States.AppendRequest]: the next request
//	answer with field 101   →  [States.Handshake]: the states to send next time
//	any other answer        →  [Plan.Build]: its effects, or a [*Failure]
//
// A failure is what makes Flink fail its job, not the request: in Flink the job
// restarts and runs into the same answer again. Its text says which function
// said what, and what to do.
//
// Sources: RequestReplyFunction and its neighbours in statefun-flink-core 3.3
// and 2.2, and recorded traffic of StateFun 3.3.0 and 2.2.2, which the tests of
// package statefuntest play back. Where 2.1 and 2.2 differ, version 2 here
// means 2.2.
package semantics
