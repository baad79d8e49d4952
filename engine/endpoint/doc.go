// Package endpoint calls remote functions over HTTP: the endpoints of
// module.yaml, kind io.statefun.endpoints.v2/http.
//
// A [Client] serves one endpoint. One call is one attempt: a POST with one
// encoded ToFunction, answered by one FromFunction. The client never waits and
// tries again; it classes each failure as Flink does ([engine.KindRetry] or
// [engine.KindFatal]) and leaves the rest to the engine, whose back-off keeps
// one address waiting and no goroutine. So `call`, which in Flink is the
// budget of all attempts together, limits a single attempt here.
//
// An attempt is one request, with one exception: where a kept connection turns
// out to be closed, as servers close idle ones, the request goes again on
// another connection. Neither here nor in Flink is that a failed attempt.
//
// # Two kinds of transport
//
// Both speak HTTP over net/http. Which statuses and content types are worth
// another attempt depends on the kind, and follows what was seen of Flink
// 3.3:
//
//	answer                              async     okhttp
//	2xx, application/octet-stream       accepted  accepted
//	  the same in other case            accepted  fatal
//	2xx, other or no content type       retry     fatal
//	301 302 303, 408 409 420 429 499    retry     retry
//	5xx                                 retry     retry
//	any other status                    retry     fatal
//	no connection, no answer, cut off   retry     retry
//	over payload_max_bytes              retry     retry
//
// Whether the bytes are a FromFunction shows when the engine decodes them
// ([engine.Function], Malformed).
//
// # Where this client differs from Flink's
//
//   - An empty answer, which means success without effects, counts only where
//     its end is certain: Content-Length: 0, or HTTP/2. Flink's async transport
//     also takes a chunked answer that is cut off before its first byte, and
//     loses the batch.
//   - Redirects are not followed. OkHttp turns 301, 302 and 303 into a GET.
//   - Host names in certificates are checked. Flink's async transport does
//     not.
//   - The name of a function is escaped where it enters a URL.
//   - A path over a unix socket is sent as it stands in module.yaml; OkHttp
//     sends it as one escaped segment.
//   - payload_max_bytes holds for OkHttp too, with the same default.
//   - The client limits neither calls nor connections: a call that has begun
//     never waits for a connection. pool_size is what the engine is told to run
//     at once of a function type ([engine.Function], MaxInFlight); in Flink the
//     calls above it wait for a connection in their own time.
package endpoint
