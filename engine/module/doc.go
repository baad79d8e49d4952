// Package module reads module.yaml, the file that says which functions, ingresses
// and egresses make up a StateFun application.
//
// The format is that of Apache Flink StateFun 3.1 and later: YAML documents,
// each with a kind and a spec. Several files may be composed into one
// application, see [Load].
//
// # What is read
//
//   - io.statefun.endpoints.v2/http: functions behind a URL, with the transports
//     async and okhttp
//   - io.statefun.playground.v1/ingress: messages come in by HTTP
//   - io.statefun.playground.v1/egress: records go out by HTTP. Two things go
//     beyond Flink's playground: an optional id, so that several egresses are
//     possible, and topics that also take Kafka records, so that a function
//     written for Kafka runs unchanged
//
// Every other kind is an error that says so.
//
// # Stricter than Flink
//
// Flink ignores keys that it does not know, reads a URL or a transport only when
// the first message needs it, and takes an alias for text. Here each of these is
// a mistake, found at the start, with file, line, column and the nearest valid
// key. All mistakes of all files are reported at once, except that a document
// that is not YAML reports the first thing that is wrong with it. Keys beside
// kind and spec are only warned of, because other tools keep their notes there.
//
// # YAML
//
// Flink reads YAML 1.1, most editors think in YAML 1.2. Where the two differ the
// text must be quoted: on, off, yes and no, numbers with a leading zero, with
// underscores or with a fraction. Anchors are ignored; aliases, merge keys, tags
// and non-scalar keys are errors. There is no substitution of environment
// variables. Text must be UTF-8. A file may have [MaxFileBytes], a document
// [MaxDocumentBytes].
//
// # Sources
//
// The facts about the format are those of Apache Flink StateFun 3.3.0:
// statefun-flink-core, org.apache.flink.statefun.flink.core.jsonmodule and
// .httpfn.binders.v2; for the playground kinds apache/flink-statefun-playground.
package module
