package e2e_test

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// TestRestarts starts the functions late, kills them, and ends them with
// SIGTERM, all while messages come and calls run.
func TestRestarts(t *testing.T) {
	t.Parallel()
	for _, p := range []platform{flink3("async"), flink3("okhttp"), embedded()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			functions, url := launch(t)
			w := open(t, p, greetings, url)
			start := func() {
				if err := functions.start(); err != nil {
					t.Fatal(err)
				}
			}
			const people, rounds = 40, 150
			records, want := visits(people, rounds)
			sent := w.stream(records, people, 20*time.Millisecond)
			wait := func(round int) {
				for r := range sent {
					if r == round {
						return
					}
				}
			}
			wait(20) // nobody has been there until now
			start()
			wait(40)
			functions.kill()
			wait(50)
			start()
			for _, round := range []int{80, 110} {
				wait(round)
				begin := time.Now()
				if err := functions.terminate(); err != nil {
					t.Errorf("after SIGTERM: %v", err)
				}
				t.Logf("ended %v after SIGTERM", time.Since(begin).Round(time.Millisecond))
				start()
			}
			wait(rounds)
			w.equal(want)
			ran := regexp.MustCompile(`running=\d+`).FindAllString(functions.said.String(), -1)
			t.Logf("at their ends ran: %q", ran)
			if !slices.ContainsFunc(ran, func(n string) bool { return n != "running=0" }) {
				t.Error("no call ran when SIGTERM came")
			}
		})
	}
}

// stream sends records in rounds of some, with a pause behind each, while the
// test goes on. The channel names each round that has been sent, from 1.
func (w *world) stream(records []kafka.Record, size int, pause time.Duration) <-chan int {
	sent := make(chan int, len(records)/size)
	ctx, cancel := context.WithCancel(w.ctx)
	w.t.Cleanup(func() {
		cancel()
		for range sent { // until it has ended
		}
	})
	go func() {
		defer close(sent)
		for i := 0; i+size <= len(records); i += size {
			if err := w.put(ctx, w.app, records[i:i+size]); err != nil {
				if ctx.Err() == nil {
					w.t.Error(err)
				}
				return
			}
			sent <- i/size + 1
			<-time.After(pause)
		}
	}()
	return sent
}
