// Package reply decides how an adapter answers. All adapters stand on it, so
// that one request gets the same status, the same content type and the same
// bytes over plain HTTP, on AWS Lambda and on Google Cloud Functions.
//
// An adapter turns what its platform delivers into a [Head] and a body, asks a
// [Responder] and writes the [Answer] the way its platform wants it:
//
//	if answer, refused := responder.Refuse(head, size); refused {
//		return answer
//	}
//	answer := responder.Call(ctx, body)
//	… write answer …
//	answer.Release()
//
// The package knows no transport: statuses are plain ints, and net/http is not
// imported, because a Lambda function shall not pay for it.
package reply
