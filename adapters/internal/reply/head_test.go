package reply_test

import (
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/adapters/internal/reply"
)

// head is a request as a platform might show it.
type head struct {
	method  string
	headers map[string]string
	query   map[string]string
}

func (h head) Method() string            { return h.method }
func (h head) Header(name string) string { return h.headers[name] }
func (h head) Query(name string) string  { return h.query[name] }

// post is a POST with a content type and a content encoding.
func post(contentType, contentEncoding string) head {
	return head{method: "POST", headers: map[string]string{"Content-Type": contentType, "Content-Encoding": contentEncoding}}
}

func TestHeadChecks(t *testing.T) {
	t.Parallel()
	const octets = reply.OctetStream
	tests := []struct {
		name string
		head head
		want reply.Outcome
	}{
		{"as Flink sends it", post(octets, ""), reply.Done},
		{"no type", post("", ""), reply.Done},
		{"other case", post("Application/OCTET-Stream", ""), reply.Done},
		{"parameter", post(octets+"; charset=x", ""), reply.Done},
		{"parameter without space", post(octets+";charset=utf-8", ""), reply.Done},
		{"spaces", post(" "+octets+" ", ""), reply.Done},
		{"text", post("text/plain", ""), reply.WrongType},
		{"JSON", post("application/json", ""), reply.WrongType},
		{"protobuf", post("application/x-protobuf", ""), reply.WrongType},
		{"longer", post(octets+"s", ""), reply.WrongType},
		{"two types", post(octets+",text/plain", ""), reply.WrongType},
		{"only a parameter", post(";charset=x", ""), reply.WrongType},
		{"identity", post(octets, "identity"), reply.Done},
		{"identity in other case", post(octets, "Identity"), reply.Done},
		{"identity twice", post(octets, "identity, identity"), reply.Done},
		{"gzip", post(octets, "gzip"), reply.WrongEncoding},
		{"gzip after identity", post(octets, "identity,gzip"), reply.WrongEncoding},
		{"deflate", post(octets, "deflate"), reply.WrongEncoding},
		{"unknown encoding", post(octets, "x"), reply.WrongEncoding},
		{"GET", head{method: "GET"}, reply.WrongMethod},
		{"PUT", head{method: "PUT"}, reply.WrongMethod},
		{"HEAD", head{method: "HEAD"}, reply.WrongMethod},
		{"lower case", head{method: "post"}, reply.WrongMethod},
		{"no method", head{}, reply.WrongMethod},
		{"a wrong method comes before a wrong type", head{method: "PUT", headers: map[string]string{"Content-Type": "text/plain"}}, reply.WrongMethod},
	}
	r := newResponder(t, reply.Config{Handler: echo})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer, refused := r.Refuse(t.Context(), tt.head, -1)
			if got := answer.Outcome; got != tt.want || refused != (tt.want != reply.Done) {
				t.Errorf("outcome %d (refused: %t), want %d", got, refused, tt.want)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const current, next = "current-secret-0123456789", "next-secret.~_ABCDEF"
	both, err := reply.NewCredentials("X-Key", "key", []string{current, next})
	if err != nil {
		t.Fatal(err)
	}
	header, err := reply.NewCredentials("X-Key", "", []string{current})
	if err != nil {
		t.Fatal(err)
	}
	query, err := reply.NewCredentials("", "key", []string{current})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name          string
		credentials   *reply.Credentials
		header, query string
		want          bool
	}{
		{"none asked for", nil, "", "", true},
		{"missing", both, "", "", false},
		{"header", both, current, "", true},
		{"query", both, "", current, true},
		{"both", both, current, next, true},
		{"wrong header, right query", both, "wrong", current, true},
		{"the other secret", both, next, "", true},
		{"beginning", both, current[:20], "", false},
		{"longer", both, current + "x", "", false},
		{"other case", both, strings.ToUpper(current), "", false},
		{"query where only the header counts", header, "", current, false},
		{"header where only the query counts", query, current, "", false},
		{"only the query", query, "", current, true},
		{"only the header", header, current, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := head{headers: map[string]string{"X-Key": tt.header}, query: map[string]string{"key": tt.query}}
			if got := tt.credentials.Admit(h); got != tt.want {
				t.Errorf("admitted: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestBadCredentialsAreErrors(t *testing.T) {
	t.Parallel()
	const good = "0123456789abcdef"
	tests := []struct {
		name          string
		header, query string
		secrets       []string
		want          []string
	}{
		{"no place", "", "", []string{good}, []string{"without a place"}},
		{"no secret", "X-Key", "", nil, []string{"no secret"}},
		{"empty", "X-Key", "", []string{""}, []string{"secret 0 has 0 bytes"}},
		{"short", "X-Key", "", []string{good, "short"}, []string{"secret 1 has 5 bytes"}},
		{"not for a URL", "", "key", []string{good + "+"}, []string{"secret 0 has a character"}},
		{"all at once", "", "", []string{"a", good + "/"}, []string{"without a place", "secret 0", "secret 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := reply.NewCredentials(tt.header, tt.query, tt.secrets)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), good) {
				t.Errorf("error %q shows the secret", err)
			}
		})
	}
	if c, err := reply.NewCredentials("", "", nil); c != nil || err != nil {
		t.Errorf("nothing configured: %v, %v", c, err)
	}
}

func TestAWrongSecretHidesEverythingElse(t *testing.T) {
	t.Parallel()
	credentials, err := reply.NewCredentials("X-Key", "", []string{"0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	r := newResponder(t, reply.Config{Handler: echo, Credentials: credentials})
	for _, h := range []head{post("", ""), post("text/plain", "gzip"), {method: "GET"}} {
		if answer := r.Answer(t.Context(), h, []byte("x")); answer.Outcome != reply.Forbidden {
			t.Errorf("%+v: status %d, want 403", h, answer.Status)
		}
	}
}
