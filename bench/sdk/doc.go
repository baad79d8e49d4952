// Package sdk measures the SDK beside the official Go SDK of Apache Flink
// Stateful Functions, v3.3.0, in one run: the same requests, the same
// functions, whole handlers from bytes to bytes. It also compares their
// answers over random registries and requests (TestDifferential, FuzzDifferential).
//
// The numbers are the cost of the SDK alone: no HTTP, no runtime. Run them with
// `make bench` and read the ratio of sdk=ours to sdk=official; the official SDK
// logs each registration and handshake, which the benchmarks discard.
package sdk
