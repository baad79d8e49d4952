// Package statefungcf serves stateful functions as a Google Cloud Function,
// generation 2, by Google's Functions Framework. This file is all that a
// function needs; there is no main, Google's build writes one:
//
//	// Greeter answers the StateFun runtime.
//	var Greeter = statefungcf.Handler(statefun.MustNew(Functions(), nil), nil)
//
//	func init() { functions.HTTP("Greeter", Greeter) }
//
// The entry point of the deployment is then Greeter. It is both registered and
// exported, so that each of the two mains that Google's build may write finds
// it. See examples/greeter/gcf for the directory around the file.
//
// # Answers
//
// They are those of package statefunhttp, byte for byte: the same status, type
// and text for everything that can go wrong, and no word of the framework, also
// where a function panics. Paths are treated alike too: any path is a
// function's, but for GET and HEAD of /healthz, which answers probes of the
// container. From outside Google may keep that path to itself, as it does with
// paths that end in z; a GET of any other one is answered with 405 by a function
// that is alive.
//
// # Limits
//
// Requests and answers have at most [MaxBytes], the platform's own limit: more
// is answered with 413 and logged with its size, rather than cut by the
// platform. A request must be answered within the timeout of the deployment,
// which the platform says in CLOUD_RUN_TIMEOUT_SECONDS; see [Options].Timeout.
//
// # The end of an instance
//
// The framework has no graceful shutdown: SIGTERM ends the process together
// with the requests that run, and the caller sends these again. A function that
// must not lose time to this is better served on Cloud Run, by
// statefunhttp.Serve.
package statefungcf
