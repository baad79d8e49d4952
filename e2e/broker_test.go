package e2e_test

import "testing"

// TestBrokerRestart kills the Kafka broker in the middle of the random program
// and starts it again.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	w, a := busyProgram(t, flink3("async"))
	w.await(1)
	a.kill(w, "the broker", shared.broker.Restart)
	w.send(a.write(t, 500))
	a.tallied(w)
}
