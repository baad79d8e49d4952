// Package demo is the program behind `make run`: it builds an example and the
// engine, runs both as they would run anywhere, as two processes, sends some
// messages, shows what comes out and what the engine warns of, and fails where
// something else comes out.
//
// What is sent and what must come out stands in the example's demo.yaml. The
// greeter has three greetings to two people instead, and a note of the highest
// count that was seen of each person, beside the data directory. When it runs
// again, the counts must go on from there: otherwise state was lost.
package demo
