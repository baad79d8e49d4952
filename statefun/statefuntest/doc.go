// Package statefuntest runs stateful functions in a test, without a server: a
// StateFun runtime in memory, with a clock that the test moves.
//
//	func TestGreeter(t *testing.T) {
//		r := statefuntest.New(t, Functions(), nil)
//		statefuntest.Send(r, Greeter.Address("Ann"), GreetType, GreetRequest{Name: "Ann"})
//		r.Run()
//		if got := r.Records("example/greets"); string(got[0].Value) != "Hello Ann, visit 1" {
//			t.Errorf("got %s", got[0].Value)
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
// Like a real runtime it promises an order only between one sender and one
// receiver. How waiting messages are cut into batches, and who is served first,
// is up to chance; a failed test prints the seed that repeats it.
//
// Nothing here is safe for concurrent use.
package statefuntest
