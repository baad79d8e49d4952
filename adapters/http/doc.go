// Package statefunhttp serves stateful functions over HTTP, to Apache Flink
// Stateful Functions and to the embedded engine alike.
//
// A program that does nothing else is three lines:
//
//	handler := statefun.MustNew(Functions(), nil)
//	err := statefunhttp.Serve(ctx, ":8000", handler, nil)
//
// [Serve] has limits and timeouts on everything, ends gracefully on SIGTERM,
// listens on TCP or on a unix socket, speaks HTTP/1.1 and HTTP/2, clear or over
// TLS, and asks for client certificates where it is told to. [Handler] is the
// same without the server, for a mux or a server of your own.
//
// # Answers
//
// Every answer is complete before its first byte is written, carries a
// Content-Length and is never chunked or compressed. This is not a matter of
// taste: Flink's async transport takes a chunked answer whose connection ends
// before the first byte of the body for an empty, successful one, and the
// batch is lost without a retry. So do not put a proxy or a middleware between
// that compresses or streams.
//
// A result is status 200 with Content-Type application/octet-stream. Errors
// are short, fixed text; what a function says goes to the Logger only. Flink's
// OkHttp transport (io.statefun.transports.v1/okhttp) fails its job on a 4xx
// and retries a 5xx, the async one (the default since StateFun 3.2) retries
// both:
//
//	the function failed or panicked                            500
//	unknown function, overload, shutting down, out of time     503
//	no body, or one that is no request                         400
//	no valid secret                                            403
//	a method other than POST                                   405
//	a body or an answer over its limit                         413
//	another content type, or a content encoding                415
//
// # Paths
//
// Any path is a function's: the request says which one is meant. GET and HEAD
// of /healthz answer 200, and 503 while the server drains. A mux may clean
// paths or decide by them; where Flink calls over a unix socket it sends
// "/%2Fpath", so mount the [Handler] where nothing is cleaned.
//
// # Who may call
//
// Flink cannot send headers or signatures of its own. It can use a private
// network, a secret in its URL ([Options].SecretQuery), or, on the async
// transport of StateFun 3.3, a client certificate ([TLS].ClientCAFile).
package statefunhttp
