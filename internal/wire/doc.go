// Package wire is the StateFun request-reply protocol: both sides, versions 3
// and 2.
//
// One HTTP body holds one message. A runtime sends a ToFunction, here
// [Request]; a function answers with a FromFunction, here [Answer]. There is
// no frame and no version field. The outer shape of a request is the same in
// both versions, so a request is decoded before its version is known; what
// differs sits inside arguments and state values, which are kept encoded until
// [ParseValue] is told the version. [Detect] weighs the evidence.
//
// The codec is written by hand on protowire. A decoded message is a view: its
// strings and byte slices share the memory of the input, which must not change
// any more. Encoding appends the bytes that protobuf-java and protobuf-go write,
// fields in the order of their numbers; only the four lists of a result stand in
// the order of the calls.
//
// What belongs here: bytes and their shape. What a runtime does with an answer
// is package semantics; what a function may say is package statefun.
//
// Sources: request-reply.proto, kafka-egress.proto and kinesis-egress.proto of
// StateFun 3.3, with the field 4 that the living fork adds to
// KafkaProducerRecord, and http-function.proto of 2.2. The field 4 that the fork
// adds to TypedValue is not read; forwarding an argument keeps it.
package wire
