// Package lambdalocal is AWS Lambda behind a gateway, on this machine.
//
// It runs a function's real bootstrap, the program that is uploaded, in
// subprocesses, and speaks Lambda's Runtime API with it. In front of it stands
// a gateway: an API Gateway (REST or HTTP API), a Function URL or an Application
// Load Balancer turns HTTP requests into events and replies into HTTP answers.
//
//	l, err := lambdalocal.Start(ctx, &lambdalocal.Options{Bootstrap: "./bootstrap", Event: lambdalocal.HTTPAPI})
//	if err != nil {
//		return err
//	}
//	defer l.Close()
//	return http.ListenAndServe("localhost:9000", l)
//
// The three nouns: an environment is one running bootstrap; an invocation is
// one event on its way through an environment; a gateway is what stands in front.
//
// # What is as on AWS
//
// Which bodies are base64 and which are text, and how a REST API without
// matching binary media types mangles them; which headers an event has and in
// which case; how paths and queries are decoded; what becomes of a reply, also
// of one that the gateway does not understand; the limits of sizes and times,
// and the status of each failure; an environment for each invocation at a time,
// started when it is needed, killed when it takes too long, replaced when it
// exits, and, with Options.Freeze, stopped between invocations.
//
// # What is not
//
// Memory is not limited, there is no authentication, and response streaming is
// not offered. The names of headers come as [net/http] has them: in canonical
// case over HTTP/1.1, where AWS keeps the case of the client; put other names
// into the header of a request that is given to ServeHTTP. When all
// environments are busy, requests wait, where AWS refuses: see Options.Throttle.
//
// Sources: the Runtime and Extensions API as Lambda documents them, and
// github.com/aws/aws-lambda-go v1.55.1, which is their client; its package
// events for the shapes; the developer guides of API Gateway, Lambda and Elastic
// Load Balancing for gateways and limits.
package lambdalocal
