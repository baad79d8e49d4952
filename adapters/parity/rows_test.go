package parity_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// row is a request and what is answered everywhere.
type row struct {
	number  int    // of the list in list_test.go
	name    string // unique
	request func() *request
	want    func() *answer

	hurried bool // the function takes longer than it may
	fails   bool // afterwards the process must be the same, and answer
}

// Limits, in bytes.
const (
	lambdaBytes   = 4_718_283 // of a body whose event or reply has the size that Lambda takes, with room for what is around it
	balancerBytes = 786_048   // the same of a load balancer
	plainBytes    = 32 << 20  // of an answer over HTTP
)

// rows returns all rows, in the order of the table.
func rows() []*row {
	return append(append(append(results(), sizes()...), refusals()...), failures()...)
}

// ok is a row whose answer is what the handler returns by itself, where
// nothing is around it.
func ok(number int, name string, r func() *request) *row {
	return &row{number: number, name: name, request: r, want: sync.OnceValue(func() *answer {
		body, err := newHandler().Append(context.Background(), nil, r().body)
		if err != nil {
			panic(err)
		}
		return &answer{status: http.StatusOK, contentType: "application/octet-stream", body: body}
	})}
}

// bad is a row that ends in one of the texts that all adapters share.
func bad(number int, name string, status int, text string, r func() *request) *row {
	return &row{number: number, name: name, request: r, want: func() *answer { return plain(status, text) }}
}

// plain is an answer without a result.
func plain(status int, text string) *answer {
	a := &answer{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
	if status == http.StatusMethodNotAllowed {
		a.allow = "POST"
	}
	return a
}

// to returns a request with one message.
func to(function string, message []byte) func() *request {
	return func() *request { return post(call(function, nil, message)) }
}

// sized returns a request of n bytes, if n is not tiny.
func sized(function string, n int) func() *request {
	return func() *request {
		around := len(call(function, nil, make([]byte, n))) - n
		return post(call(function, nil, bytes.Repeat([]byte{0xa5}, n-around)))
	}
}

// answering returns a request whose answer has n bytes.
func answering(n int) func() *request {
	return func() *request {
		around := len(wire.EndResult(wire.AppendEgress(wire.BeginResult(nil), wire.V3, "test", "out",
			wire.Value{TypeName: blob.Name(), Has: true, Data: make([]byte, n)}), 0)) - n
		return to("large", strconv.AppendInt(nil, int64(n-around), 10))()
	}
}

// results are requests that go well, whatever their size.
func results() []*row {
	var every, thousand [][]byte
	every = [][]byte{{}}
	for i := range 256 {
		every[0] = append(every[0], byte(i))
	}
	for i := range 1000 {
		thousand = append(thousand, fmt.Appendf(nil, "message %d \xff", i))
	}
	return []*row{
		ok(1, "a message, a state", func() *request {
			return post(call("count", []wire.State{long("seen", 7), {Name: "last"}}, []byte("x")))
		}),
		ok(2, "1000 messages, every effect", func() *request {
			return post(call("busy", []wire.State{long("total", 7), {Name: "gone"}}, thousand...))
		}),
		ok(3, "states are missing", to("count", []byte("x"))),
		ok(4, "every byte", to("echo", every[0])),
		ok(4, "a text", to("echo", []byte(strings.Repeat("text, \"quoted\" <&> \u2028", 9)))),
		ok(4, "no bytes", to("echo", nil)),
	}
}

// sizes are requests and answers of all lengths, up to the limits.
func sizes() []*row {
	all := []*row{ok(5, "a message of 1 byte", to("echo", []byte{0xff}))}
	for _, n := range []int{3000, 3001, 3002, 64 << 10, 1 << 20, 4_613_734} {
		all = append(all, ok(5, fmt.Sprint("request of ", n, " bytes"), sized("echo", n)))
	}
	tooLarge := func(name string, n int) *row {
		return bad(6, name, http.StatusRequestEntityTooLarge, "answer too large\n", answering(n))
	}
	return append(all,
		ok(6, "answer as a load balancer takes", answering(balancerBytes)),
		ok(6, "answer one byte larger", answering(balancerBytes+1)),
		ok(6, "answer as Lambda takes", answering(lambdaBytes)),
		ok(6, "answer one byte larger still", answering(lambdaBytes+1)),
		ok(6, "answer of 32 MiB", answering(plainBytes)),
		tooLarge("answer of 32 MiB and one byte", plainBytes+1),
		ok(6, "request of 5 000 000 bytes", sized("sink", 5_000_000)),
		ok(6, "request of 33 MiB", func() *request {
			return sized("sink", 33<<20)().with("Expect", "100-continue") // else the answer meets the body
		}),
		bad(6, "request of 65 MiB", http.StatusRequestEntityTooLarge, "request too large\n", func() *request {
			return post(make([]byte, 65<<20)).with("Expect", "100-continue")
		}),
	)
}

// refusals are requests that reach no function.
func refusals() []*row {
	whole := call("echo", nil, []byte("hello"))
	octets := func(method, path string) func() *request {
		return func() *request {
			r := post(whole)
			r.method, r.path = method, path
			return r
		}
	}
	typed := func(contentType string) func() *request {
		return func() *request { return post(whole).with("Content-Type", contentType) }
	}
	empty := func(method, path, agent string) func() *request {
		return func() *request {
			return &request{method: method, path: path, header: map[string]string{"User-Agent": agent}}
		}
	}
	const wrongMethod, wrongType = "method not allowed: use POST\n", "unsupported content type: use application/octet-stream\n"
	return append([]*row{
		bad(9, "unknown function", 503, "unknown function\n", to("nobody", nil)),
		bad(10, "GET", 405, wrongMethod, empty("GET", "/", "x")),
		bad(10, "PUT", 405, wrongMethod, octets("PUT", "/")),
		bad(10, "DELETE", 405, wrongMethod, octets("DELETE", "/")),
		bad(10, "PUT of /healthz", 405, wrongMethod, octets("PUT", "/healthz")),
		ok(10, "POST of /healthz", octets("POST", "/healthz")),
		ok(10, "a path with escapes, and a query", octets("POST", "/test%2Fecho/100%25?x=%20y")),
		ok(10, "no type", func() *request {
			r := post(whole)
			r.header = map[string]string{"Accept": "*/*"}
			return r
		}),
		ok(10, "type with a parameter", typed("application/octet-stream; charset=x")),
		ok(10, "type in another case", typed("Application/Octet-Stream")),
		bad(10, "type text/plain", 415, wrongType, typed("text/plain")),
		bad(10, "type application/json", 415, wrongType, typed("application/json")),
		bad(10, "type application/protobuf", 415, wrongType, typed("application/x-protobuf")),
		bad(10, "encoding gzip", 415, "unsupported content encoding: use identity\n", func() *request { return post(whole).with("Content-Encoding", "gzip") }),
		ok(10, "encoding identity", func() *request { return post(whole).with("Content-Encoding", "identity") }),
		bad(10, "health", 200, "ok\n", empty("GET", "/healthz", "x")),
		bad(10, "health, HEAD", 200, "", empty("HEAD", "/healthz", "x")),
		bad(10, "a load balancer's health check", 405, wrongMethod, empty("GET", "/", "ELB-HealthChecker/2.0")),
	}, malformed(whole)...)
}

// malformed are requests whose body is none.
func malformed(whole []byte) []*row {
	const text = "malformed request\n"
	body := func(b []byte) func() *request { return func() *request { return post(b) } }
	asText := func(b string) func() *request {
		return func() *request {
			r := post([]byte(b))
			r.asText = true
			return r
		}
	}
	return []*row{
		bad(7, "no body", 400, "empty request body\n", body(nil)),
		bad(7, "a body of null", 400, "empty request body\n", func() *request {
			r := post(nil)
			r.isNull = true
			return r
		}),
		bad(8, "no protobuf", 400, text, body([]byte("\xff\xff\xff"))),
		bad(8, "protobuf cut off", 400, text, body(whole[:len(whole)-1])),
		bad(12, "mangled", 400, text, asText(strings.ToValidUTF8(string(whole), "\uFFFD"))),
		bad(12, "base64, not said to be", 400, text, asText("ogYKCgR0ZXN0EgRlY2hv")),
	}
}

// failures are functions that end badly.
func failures() []*row {
	var all []*row
	for _, function := range []string{"error", "panic-error", "panic-text", "abort", "goexit", "cancels"} {
		all = append(all, bad(11, "test/"+function, 500, "function failed\n", to(function, []byte("private text"))))
	}
	for _, function := range []string{"waits", "stuck"} {
		late := bad(11, "test/"+function, 503, "deadline exceeded\n", to(function, nil))
		late.hurried = true
		all = append(all, late)
	}
	for _, r := range all {
		r.fails = true
	}
	return all
}
