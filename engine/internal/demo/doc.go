// Package demo is the program behind `make run`: it builds an example and the
// engine, runs both as they would run anywhere, as two processes, sends three
// greetings to two people and shows what comes out.
//
// It keeps a note of the highest count that it saw of each person beside the
// data directory. When it runs again, the counts must go on from there:
// otherwise state was lost, and it says so and fails.
package demo
