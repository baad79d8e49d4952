// Package e2e holds the tests that run functions on the real runtimes: Apache
// Flink Stateful Functions 3.3.0 and 2.2.2, fed by a real Kafka broker, and the
// embedded engine beside them. See README.md.
package e2e
