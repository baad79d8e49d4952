package lambdalocal

import "encoding/base64"

// newDirectEvent is what a caller of the Invoke operation sends: the body in
// base64, as a JSON string.
func newDirectEvent(q *request) any {
	return base64.StdEncoding.EncodeToString(q.body)
}

type envelope struct {
	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// newEnvelopeEvent is the same with an object around it.
func newEnvelopeEvent(q *request) any {
	return envelope{Body: base64.StdEncoding.EncodeToString(q.body), IsBase64Encoded: true}
}
