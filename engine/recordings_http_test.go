package engine_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/endpoint"
	"github.com/statefun-go/statefun-go/engine/module"
)

// bind makes functions of the recorded endpoint, as the command does of a
// module file. A mistake in it is the failure of the job.
func (p *player) bind(recorded string, caller func(module.Endpoint) (engine.Caller, error)) {
	p.functions = nil
	m, err := module.Parse("module.yaml", []byte(recordedModule(recorded)))
	if err != nil {
		p.refused = err
		return
	}
	for _, e := range m.Endpoints {
		if p.overHTTP && (p.failed || recordingDifferences[p.Name].mismatch != "") {
			p.hurry(&e.Transport)
		}
		c, err := caller(e)
		if err != nil {
			p.t.Fatal(err)
		}
		f := engine.Function{
			Namespace: e.Functions.Namespace, Name: e.Functions.Name, Caller: c,
			MaxBatch: e.MaxNumBatchRequests, Budget: e.Transport.Call,
		}
		if f.Name == "" {
			f.Name = "*"
		}
		if e.Transport.Kind == module.OkHTTP {
			f.Malformed = engine.KindFatal
		}
		p.functions = append(p.functions, f)
	}
}

// hurry lets the budget of a call that never succeeds end soon.
func (p *player) hurry(t *module.Transport) {
	t.Call /= time.Duration(p.pace)
	t.Read /= time.Duration(p.pace)
}

var transportKey = regexp.MustCompile(`([^,{]) (call|connect|timeouts|trust_cacerts|client_cert|client_key): `)

// recordedModule writes the endpoint of a recording, a line without quotes, as
// a module file. In one recording there is another endpoint, for the exact name
// of a function.
func recordedModule(line string) string {
	fields, transport, _ := strings.Cut(line, ", transport: ")
	functions, url, _ := strings.Cut(strings.TrimPrefix(fields, "functions: "), ", urlPathTemplate: ")
	kind := "\nkind: io.statefun.endpoints.v2/http\nspec: {functions: %q, urlPathTemplate: %q, transport: {%s}}\n---"
	transport = transportKey.ReplaceAllString(transport, "$1, $2: ")
	text := fmt.Sprintf(kind, functions, url, transport)
	if base, _, ok := strings.Cut(url, "/statefun/{"); ok {
		text += fmt.Sprintf(kind, "lab/special", base+"/exact", transport)
	}
	return text + "\nkind: io.statefun.playground.v1/ingress\nspec: {port: 0}\n"
}

// overSockets puts an HTTP server in the place of the function, and a client of
// package endpoint between it and the engine. Pauses and time limits are divided
// by pace.
func (p *player) overSockets(pace int64) {
	p.overHTTP, p.pace = true, pace
	s := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if strings.HasPrefix(p.Name, "idle-close") {
		s.Config.IdleTimeout = 10 * time.Millisecond
	}
	line := p.Endpoint
	switch {
	case strings.HasPrefix(p.Name, "uds-"):
		line = strings.Replace(line, "/run/fn.sock", p.listenUnix(s), 1)
		s.Start()
	case strings.HasPrefix(p.Name, "tls-"):
		dir := p.t.TempDir()
		s.TLS = recordedTLS(p.t, dir, p.Name)
		s.StartTLS()
		line = strings.ReplaceAll(line, "/run/pki", dir)
	default:
		s.Start()
	}
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	line = strings.Replace(line, ":18000", ":"+port, 1)
	if strings.HasPrefix(p.Name, "bad-refused") {
		line = strings.Replace(line, ":18999", ":"+port, 1)
		s.Close()
	}
	p.t.Cleanup(s.Close)
	p.bind(line, func(e module.Endpoint) (engine.Caller, error) {
		c, err := endpoint.New(e)
		if err == nil {
			p.t.Cleanup(c.Close)
		}
		return c, err
	})
}

// listenUnix lets s listen on a unix socket, and returns its path.
func (p *player) listenUnix(s *httptest.Server) string {
	path := filepath.Join(p.t.TempDir(), "fn.sock")
	var lc net.ListenConfig
	l, err := lc.Listen(p.t.Context(), "unix", path)
	if err != nil {
		p.t.Fatal(err)
	}
	s.Listener.Close()
	s.Listener = l
	return path
}

// serve is the recorded function.
func (p *player) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	i := 0
	if err == nil {
		i, err = p.answer(body)
	}
	if err == nil {
		err = p.sameCall(i, r)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.pause(r.Context(), i)
	p.write(w, i)
}

// sameCall compares what surrounds the body with the recording.
func (p *player) sameCall(i int, r *http.Request) (err error) {
	want := &p.Exchanges[i].Request
	kind := ""
	for name, value := range want.Headers {
		if strings.EqualFold(name, "Content-Type") {
			kind = value
		}
	}
	switch {
	case r.Method != want.Method:
		err = fmt.Errorf("method %q, want %q", r.Method, want.Method)
	case r.RequestURI != want.Path:
		err = fmt.Errorf("path %q, want %q", r.RequestURI, want.Path)
	case r.Header.Get("Content-Type") != kind:
		err = fmt.Errorf("content type %q, want %q", r.Header.Get("Content-Type"), kind)
	case r.ContentLength != int64(len(want.Body)) || r.Header.Get("Expect") != "":
		err = fmt.Errorf("content length %d, want %d; expects %q", r.ContentLength, len(want.Body), r.Header.Get("Expect"))
	}
	if err != nil {
		p.fault(i, err)
	}
	return err
}

var pauseNote = regexp.MustCompile(`answered after (\d+) ms`)

// pause waits as long as the recorded function did, or until the caller is gone.
func (p *player) pause(ctx context.Context, i int) {
	m := pauseNote.FindStringSubmatch(p.Exchanges[i].Note)
	if m == nil {
		return
	}
	ms, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		p.fault(i, err)
	}
	select {
	case <-time.After(time.Duration(ms/p.pace) * time.Millisecond):
	case <-ctx.Done():
	}
}

// write writes the recorded answer i.
func (p *player) write(w http.ResponseWriter, i int) {
	x := &p.Exchanges[i].Response
	if x.Status == 0 {
		panic(http.ErrAbortHandler) // closes the connection
	}
	w.Header()["Content-Type"] = nil // not the one that net/http would guess
	for name, value := range x.Headers {
		w.Header().Set(name, value)
	}
	chunked := strings.HasPrefix(p.Name, "chunked")
	if !chunked && x.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(x.Body)))
	}
	w.WriteHeader(x.Status)
	if !chunked {
		w.Write(x.Body)
		return
	}
	for i := range x.Body {
		w.Write(x.Body[i : i+1])
		http.NewResponseController(w).Flush()
	}
}
