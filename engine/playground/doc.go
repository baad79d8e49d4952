// Package playground is the HTTP way in and out of an application on one
// machine: the kinds io.statefun.playground.v1/ingress and
// io.statefun.playground.v1/egress of module.yaml.
//
// # Ingress
//
// PUT or POST /<namespace>/<name>/<id> sends the body to one instance of a
// function, without a caller. A slash inside a part is written %2F. The content
// type says what the body is:
//
//	application/vnd.<typename>     the encoded value of a type; the rest of the
//	                               header, as it stands, is the typename
//	none, text/plain, and what     text, which becomes io.statefun.types/string
//	curl -d sends
//	any other                      a string encoded by the sender (StringWrapper)
//
// The answer comes when the message is durable: from then on it counts exactly
// once. Without an answer it counts once or not at all.
//
// # Egress
//
// GET /<topic> returns the value of the oldest record of the topic and removes
// it; ?wait=5s waits that long for one. The header Statefun-Sequence numbers
// the records of a topic from 1. A record is removed when its answer has been
// written, so that a crash may repeat the last ones, under the same numbers.
// Statefun-Key holds the key of a Kafka record, and one Statefun-Header for
// each of its headers name=value; these are percent-encoded.
//
// An egress takes the playground's own records, and Kafka records too, so that
// a function written for Kafka runs here unchanged.
//
// # Where it differs from Flink's playground
//
//   - Statuses are real. The playground answers 200 to everything and puts the
//     status into a header named Status, which is sent here as well: with its
//     value where it has one, such as 405 for an unknown topic.
//   - Plain text becomes a string that functions can read. The playground
//     passes the bytes on as they are, which no SDK decodes; only bytes that
//     are an encoded string, under a content type other than text, do the same
//     here, and what nobody could decode is refused.
//   - Only PUT and POST go in and only GET comes out; web pages of other sites
//     may do neither. An unknown function and an empty id are refused.
//   - Messages and records are kept on disk.
//   - It listens on 127.0.0.1, because it asks nobody who they are. See
//     [Options.Host].
//
// Source: apache/flink-statefun-playground, playground-internal.
package playground
