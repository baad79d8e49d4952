package statefungcf_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	"github.com/statefun-go/statefun-go/statefun"
)

var (
	exampleGreeter = statefun.MustTypeName("example/greeter")
	exampleReplies = statefun.NewEgress("example/replies", statefun.String)
)

func greet(_ context.Context, inv *statefun.Invocation, name string) error {
	exampleReplies.Send(inv, "Hello "+name)
	return nil
}

// Functions are the functions of this example.
func Functions() []statefun.Function {
	return []statefun.Function{statefun.Define(exampleGreeter, statefun.On(statefun.String, greet), exampleReplies)}
}

// Greeter is the entry point: --entry-point=Greeter.
var Greeter = statefungcf.Handler(statefun.MustNew(Functions(), nil), nil)

// The file of a function declares Greeter, as above, and registers it in its
// init.
func ExampleHandler() {
	functions.HTTP("Greeter", Greeter)

	// What a runtime sends: one message, the string "Ada", for example/greeter.
	request := []byte("\xa2\x06\x3d" +
		"\x0a\x14\x0a\x07example\x12\x07greeter\x1a\x00" +
		"\x1a\x25\x12\x23\x0a\x18io.statefun.types/string\x10\x01\x1a\x05\x0a\x03Ada")
	answer := httptest.NewRecorder()
	Greeter(answer, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(request)))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"), bytes.Contains(answer.Body.Bytes(), []byte("Hello Ada")))
	// Output: 200 application/octet-stream true
}
