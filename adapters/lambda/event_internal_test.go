package statefunlambda

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// reference reads a payload with encoding/json.
func reference(payload []byte) (body string, flag, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil || members == nil {
		return "", false, false
	}
	_ = json.Unmarshal(members["isBase64Encoded"], &flag)
	_ = json.Unmarshal(members["body"], &body)
	return body, flag, true
}

// FuzzParse: a payload is taken apart if and only if encoding/json does, apart
// from shapes that are refused, and then with the same body and flag.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"httpMethod":"POST","resource":"/","body":"YQ==","isBase64Encoded":true,"headers":{"a":"b"}}`,
		`{"requestContext":{"http":{"method":"POST"}},"body":"\u0059\u0051==\ud83d\ude00\ud800","isBase64Encoded":false}`,
		`{"body":"first","body":"second","isBase64Encoded":true,"x":[1.5e3,-0,{"y":[]},{}]}`,
		`{"body":1}`, `{"body":null}`, `{"body":"\x"}`, `{"body":"a`, `{"body":"x",}`, `{"":01}`, `{"a":[}`, `[{"body":"x"}]`, "{\"body\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if text := bytes.TrimLeft(payload, " \t\r\n"); len(text) > 0 && text[0] == '"' || !utf8.Valid(payload) {
			return // a direct invocation, see FuzzInvoke; encoding/json loses bytes that are no UTF-8
		}
		body, flag, ok := reference(payload)
		e := new(event)
		if err := e.parse(payload); err != nil {
			if notJSON := strings.Contains(err.Error(), "it is not a JSON object"); notJSON == ok {
				t.Fatalf("encoding/json says %v: %v", ok, err)
			}
			return
		}
		if !ok {
			t.Fatalf("encoding/json refuses %q", payload)
		}
		got, err := e.readBody()
		want := []byte(body)
		if flag {
			want, _ = base64.StdEncoding.Strict().DecodeString(body)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("body %q, want %q", got, want)
		}
	})
}
