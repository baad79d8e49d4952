// Package flink runs Apache Flink Stateful Functions, each application in one
// process, or in two: a job manager and a task manager.
package flink
