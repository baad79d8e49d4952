package statefunlambda

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// Limits of the platform, in bytes.
const (
	// MaxReply is the largest answer of a Lambda function, as JSON. The
	// runtime ends a process that sends a larger one.
	MaxReply = 6_291_556
	// MaxALBReply is the largest answer that a load balancer takes.
	MaxALBReply = 1 << 20

	// replyRoom is more than the JSON around a body takes.
	replyRoom = 512
)

// maxBody returns the largest body whose answer, in base64, is within limit.
func maxBody(limit int) int64 { return int64((limit - replyRoom) / 4 * 3) }

// appendReply appends an answer as the JSON that the shape wants. One form
// serves API Gateway, Function URLs and direct invocations; a REST API takes no
// member that it does not know. A load balancer reads one of two forms of the
// headers, depending on its configuration, and gets both.
func appendReply(dst []byte, sh shape, answer *reply.Answer) []byte {
	dst = append(dst, `{"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(answer.Status), 10)
	dst = appendHeaders(append(dst, `,"headers":{`...), answer, "", "")
	if sh == shapeALB || sh == shapeALBMulti {
		dst = appendHeaders(append(dst, `},"multiValueHeaders":{`...), answer, "[", "]")
	}
	if answer.ContentType == reply.OctetStream {
		dst = append(dst, `},"isBase64Encoded":true,"body":"`...)
		dst = appendBase64(dst, answer.Body)
	} else {
		dst = appendText(append(dst, `},"isBase64Encoded":false,"body":"`...), string(answer.Body))
	}
	return append(dst, `"}`...)
}

func appendHeaders(dst []byte, answer *reply.Answer, open, end string) []byte {
	dst = append(append(append(dst, `"content-type":`...), open...), '"')
	dst = append(append(append(dst, answer.ContentType...), '"'), end...)
	if answer.Outcome == reply.WrongMethod {
		dst = append(append(append(dst, `,"allow":`...), open...), '"')
		dst = append(append(append(dst, reply.Allow...), '"'), end...)
	}
	return dst
}

// appendText appends a text of this package or of package reply, escaped for
// JSON.
func appendText(dst []byte, text string) []byte {
	for _, r := range text {
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, `\n`...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// replySize is how much room appendReply needs for a result, or nearly for
// anything else.
func replySize(sh shape, answer *reply.Answer) int {
	around := 128 // what the JSON around it takes
	if sh == shapeALB || sh == shapeALBMulti {
		around = 192
	}
	return base64.StdEncoding.EncodedLen(len(answer.Body)) + around
}
