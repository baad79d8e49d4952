// Package statefuntest runs stateful functions in a test, without a server: a
// StateFun runtime in memory, with a clock that the test moves.
//
//	func TestGreeter(t *testing.T) {
//		r := statefuntest.New(t, Functions(), nil)
//		statefuntest.Send(r, Greeter.Address("Ann"), GreetType, GreetRequest{Name: "Ann"})
//		r.Run()
//		if seen, _ := statefuntest.State(r, Greeter.Address("Ann"), Seen); seen != 1 {
//			t.Errorf("seen %d times", seen)
//		}
//	}
//
// What a test sends goes as real bytes through the real handler, and the
// answers are carried out as Apache Flink does: one batch at a time for each
// address, states by handshake, expiration, delayed messages and their
// cancellation. Where Flink would fail its job, or a function fails, the test
// fails, with the last steps in words: which message of which function did
// what. [Runtime.Try] returns the failure instead.
//
// Messages to one address are handled one after the other. Like a real runtime
// it promises an order only between one sender and one receiver. How waiting messages are cut into batches, and who is served first,
// is up to chance; a failed test prints the seed that repeats it.
//
// Functions run on the test's goroutine, one at a time. Nothing here is safe for
// concurrent use.
//
// # Where a test is stricter
//
// Some mistakes a cluster finds late, or never; a test fails at once: a delayed
// message to a function type that nobody serves (Flink: when it fires), a Kafka
// record without a topic (Flink: at a later record, without a name), a request
// for states that were already sent (Flink: asks again for ever), a failed call
// (Flink: after its retries). Everything else is checked against recorded
// traffic of StateFun 3.3.0 and 2.2.2.
package statefuntest
