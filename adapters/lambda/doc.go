// Package statefunlambda serves stateful functions as an AWS Lambda function
// behind an API Gateway (REST or HTTP API), a Function URL or an Application
// Load Balancer, and answers direct invocations.
//
//	func main() {
//		handler := statefun.MustNew(Functions(), nil)
//		lambda.Start(statefunlambda.New(handler, nil))
//	}
//
// One handler takes every event shape; the shape is told by the event itself.
// An event's body is decoded straight from the payload, and an answer is
// written as JSON with its body in base64: a REST API must have
// BinaryMediaTypes ["*/*"], or it mangles the request on the way in.
//
// Events that are no HTTP requests (SQS, Kafka, EventBridge, an authorizer, a
// WebSocket, …) become a function error that names them; no function runs.
// Everything else that goes wrong is answered with the status that package
// statefunhttp answers with, and leaves the process alive.
package statefunlambda
