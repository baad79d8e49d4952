// Package flink runs Apache Flink Stateful Functions, each application in a
// process of its own.
package flink
