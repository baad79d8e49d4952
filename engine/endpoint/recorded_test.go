package endpoint_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/internal/vectors"
)

// recording is one of [vectors.Flink33].
type recording struct{ vectors.Scenario }

// write sends exchange i as the recorded function did.
func (r *recording) write(conn net.Conn, i int, chunked bool) {
	answer := r.Exchanges[i].Response
	if answer.Status == 0 {
		return
	}
	fmt.Fprintf(conn, "HTTP/1.1 %d Recorded\r\nConnection: close\r\n", answer.Status)
	for name, value := range answer.Headers {
		fmt.Fprintf(conn, "%s: %s\r\n", name, value)
	}
	switch {
	case chunked:
		io.WriteString(conn, "Transfer-Encoding: chunked\r\n\r\n")
		for _, b := range answer.Body {
			fmt.Fprintf(conn, "1\r\n%s\r\n", []byte{b})
		}
		io.WriteString(conn, "0\r\n\r\n")
	case answer.Status == http.StatusNoContent:
		io.WriteString(conn, "\r\n")
	default:
		fmt.Fprintf(conn, "Content-Length: %d\r\n\r\n%s", len(answer.Body), answer.Body)
	}
}

// verdicts returns what Flink made of the listed exchanges: 0 for an accepted
// answer, otherwise a kind. A redirect that OkHttp followed is one exchange.
func (r *recording) verdicts(t *testing.T) []engine.Kind {
	t.Helper()
	var outcome string
	if err := json.Unmarshal(r.Outcome, &outcome); err != nil {
		t.Fatal(err)
	}
	var requests int
	if _, err := fmt.Sscanf(outcome, "%d requests on", &requests); err != nil {
		t.Fatalf("outcome %q: %v", outcome, err)
	}
	last := accepted
	switch {
	case strings.Contains(outcome, "The job kept running"):
	case requests == 1:
		last = fatal
	default: // sent again until the time was up; 0 requests: never connected
		last = retry
	}
	before := retry
	if strings.Contains(r.Name, "garbage") { // shows when the engine decodes it
		before, last = accepted, accepted
	}
	out := make([]engine.Kind, min(requests, len(r.Exchanges)))
	for i := range out {
		out[i] = before
		if i == requests-1 {
			out[i] = last
		}
	}
	return out
}

const accepted engine.Kind = -1

var aboutAnswers = regexp.MustCompile(`^(bad|chunked|gzip-response|retry-then-ok)-`)

// TestRecorded plays each recorded answer to the client: it must send the
// recorded bytes and class the answer as Flink did.
func TestRecorded(t *testing.T) {
	t.Parallel()
	scenarios, err := vectors.Load(vectors.Flink33)
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for i := range scenarios {
		r := &recording{scenarios[i]}
		if !aboutAnswers.MatchString(r.Name) {
			continue
		}
		played++
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			play(t, r)
		})
	}
	if played < 60 {
		t.Errorf("%d recordings, want at least 60", played)
	}
}

func play(t *testing.T, r *recording) {
	t.Helper()
	var next atomic.Int64
	bodies := make(chan string, 1)
	f := newFaults(t, func(conn net.Conn, req *http.Request) bool {
		body, _ := io.ReadAll(req.Body)
		bodies <- string(body)
		r.write(conn, int(next.Load()), strings.HasPrefix(r.Name, "chunked"))
		return false // a new connection for each attempt, as after a failure of Flink's
	})
	kind := module.Async
	if strings.Contains(r.Endpoint, "okhttp") {
		kind = module.OkHTTP
	}
	c := newClient(t, spec(kind, f.url()))
	verdicts := r.verdicts(t)
	if len(verdicts) == 0 { // refused
		f.Close()
		_, err := c.Call(t.Context(), greeter, []byte("x"))
		wantFailure(t, err, retry)
	}
	for i, want := range verdicts {
		next.Store(int64(i))
		sent := r.Exchanges[0].Request.Body
		_, err := c.Call(t.Context(), greeter, sent)
		select {
		case got := <-bodies:
			if got != string(sent) {
				t.Errorf("exchange %d: sent %x, want %x", i, got, sent)
			}
		default:
			t.Errorf("exchange %d: no request came", i)
		}
		if want != accepted {
			wantFailure(t, err, want)
		} else if err != nil {
			t.Errorf("exchange %d: %v", i, err)
		}
	}
}
