package playground_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/playground"
	"github.com/statefun-go/statefun-go/internal/wire"
)

const (
	kafka = "type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord"
	own   = "io.statefun.playground/EgressRecord"
)

func kafkaValue(r wire.KafkaRecord) engine.Value {
	return engine.Value{TypeName: kafka, Has: true, Data: wire.AppendKafkaRecord(nil, &r)}
}

func TestEgress(t *testing.T) {
	t.Parallel()
	q := newQueues()
	e, url := startEgress(t, q)
	for _, v := range []engine.Value{
		kafkaValue(wire.KafkaRecord{
			Key: "Ann Ö/1", Topic: "a", Value: []byte("\x00one"),
			Headers: []wire.Header{{Key: "h 1", Value: []byte("=\n")}, {Key: "h2", Value: []byte("v")}},
		}),
		{TypeName: own, Has: true, Data: []byte(`{"topic":"b/c","payload":"zwei ü"}`)},
		kafkaValue(wire.KafkaRecord{Topic: "a"}),
	} {
		r, err := e.Check(v)
		if err != nil {
			t.Fatal(err)
		}
		q.add(r)
	}
	a := ask(t, http.MethodGet, url+"/a", nil, nil)
	if a.status != 200 || a.compat != "200" || a.body != "\x00one" || a.header.Get("Statefun-Sequence") != "1" ||
		a.header.Get("Statefun-Key") != "Ann%20%C3%96%2F1" || a.header.Get("Content-Type") != "" {
		t.Errorf("answer %+v", a)
	}
	if h := a.header["Statefun-Header"]; len(h) != 2 || h[0] != "h%201==%0A" || h[1] != "h2=v" {
		t.Errorf("headers %q", h)
	}
	if n := <-q.removed; n != 1 {
		t.Errorf("removed %d", n)
	}
	if a := ask(t, http.MethodGet, url+"/b/c", nil, nil); a.body != "zwei ü" || a.header.Get("Statefun-Key") != "" {
		t.Errorf("answer %+v", a)
	}
	if a := ask(t, http.MethodGet, url+"/a?wait=1s", nil, nil); a.status != 200 || a.body != "" || a.header.Get("Statefun-Sequence") != "3" {
		t.Errorf("answer %+v", a)
	}
	if a := ask(t, http.MethodGet, url+"/a", nil, nil); a.status != 404 || a.compat != "404" || a.body != "" {
		t.Errorf("answer of an empty queue %+v", a)
	}
}

func TestEgressRefuses(t *testing.T) {
	t.Parallel()
	q := newQueues()
	q.add(engine.Record{Queue: "a"})
	_, url := startEgress(t, q)
	for name, row := range map[string]struct {
		method, path string
		header       http.Header
		status       int
		compat       string
		want         string
	}{
		"unknown topic": {"GET", "/x", nil, 404, "405", "GET one of /a /b/c"},
		"root":          {"GET", "/", nil, 404, "405", "GET one of /a /b/c"},
		"POST":          {"POST", "/a", nil, 405, "405", "GET"},
		"HEAD":          {"HEAD", "/a", nil, 405, "405", ""},
		"wait":          {"GET", "/a?wait=soon", nil, 400, "400", "for example 5s"},
		"too long":      {"GET", "/a?wait=2m", nil, 400, "400", "1m0s"},
		"another site":  {"GET", "/a", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403, "403", "another site"},
	} {
		a := ask(t, row.method, url+row.path, row.header, nil)
		if a.status != row.status || a.compat != row.compat || !strings.Contains(a.body, row.want) {
			t.Errorf("%s: answer %+v", name, a)
		}
	}
	if len(q.removed) > 0 {
		t.Error("a refused request removed a record")
	}
	q.err = errors.New("secret detail")
	if a := ask(t, http.MethodGet, url+"/b/c", nil, nil); a.status != 500 || strings.Contains(a.body, "secret") {
		t.Errorf("answer %+v", a)
	}
}

func TestEgressWaits(t *testing.T) {
	t.Parallel()
	q := newQueues()
	_, url := startEgress(t, q)
	if a := ask(t, http.MethodGet, url+"/a?wait=30ms", nil, nil); a.status != 404 {
		t.Errorf("answer %+v", a)
	}
	got := make(chan answer, 1)
	go func() { got <- ask(t, http.MethodGet, url+"/a?wait=1m", nil, nil) }()
	q.add(engine.Record{Queue: "a", Value: wire.AppendKafkaRecord(nil, &wire.KafkaRecord{Topic: "a", Value: []byte("late")})})
	if a := <-got; a.status != 200 || a.body != "late" {
		t.Errorf("answer %+v", a)
	}
}

// TestEgressStops: a request that waits does not hold the end up.
func TestEgressStops(t *testing.T) {
	t.Parallel()
	e, err := playground.NewEgress(egressSpec(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	q := newQueues()
	go func() { ended <- e.Run(ctx, q) }()
	got := make(chan answer, 1)
	go func() { got <- ask(t, http.MethodGet, e.URL()+"/a?wait=1m", nil, nil) }()
	for q.looks.Load() < 2 {
		runtime.Gosched()
	}
	stop()
	if a := <-got; a.status != 404 {
		t.Errorf("answer %+v", a)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestEgressKeepsWhatIsNotRead: a record whose reader goes away comes again.
func TestEgressKeepsWhatIsNotRead(t *testing.T) {
	t.Parallel()
	q := newQueues()
	big := bytes.Repeat([]byte("x"), 64<<20) // more than the buffers of a connection hold
	q.add(engine.Record{Queue: "a", Value: wire.AppendKafkaRecord(nil, &wire.KafkaRecord{Topic: "a", Value: big})})
	_, url := startEgress(t, q)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	conn.Read(make([]byte, 1))
	conn.Close()
	if n := <-q.released; n != 1 {
		t.Errorf("released %d", n)
	}
	if a := ask(t, http.MethodGet, url+"/a", nil, nil); len(a.body) != len(big) || a.header.Get("Statefun-Sequence") != "1" {
		t.Errorf("%d bytes, %v", len(a.body), a.header)
	}
	<-q.removed
}

func TestCheck(t *testing.T) {
	t.Parallel()
	e, err := playground.NewEgress(egressSpec(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	r, err := e.Check(kafkaValue(wire.KafkaRecord{Topic: "b/c", Key: "k", Value: []byte("v")}))
	if err != nil || r.Queue != "b/c" || r.Key != "k" {
		t.Errorf("%+v, %v", r, err)
	}
	for name, row := range map[string]struct {
		value engine.Value
		want  string
	}{
		"unknown topic":     {kafkaValue(wire.KafkaRecord{Topic: "x", Value: []byte("v")}), "module.yaml:12:3"},
		"no topic":          {kafkaValue(wire.KafkaRecord{Value: []byte("v")}), `no topic ""`},
		"no argument":       {engine.Value{}, "takes records of type"},
		"a version 2 name":  {engine.Value{TypeName: wire.KafkaTypeName(wire.V2), Has: true}, "takes records of type"},
		"Kinesis":           {engine.Value{TypeName: wire.KinesisTypeName(wire.V3), Has: true}, "example/greets"},
		"bad bytes":         {engine.Value{TypeName: kafka, Has: true, Data: []byte("\x1a\x09a")}, "KafkaProducerRecord"},
		"own, not JSON":     {engine.Value{TypeName: own, Has: true, Data: []byte(`topic`)}, "JSON"},
		"own, one more":     {engine.Value{TypeName: own, Has: true, Data: []byte(`{"topic":"a","payload":"x","key":"k"}`)}, "exactly two"},
		"own, other case":   {engine.Value{TypeName: own, Has: true, Data: []byte(`{"Topic":"a","payload":"x"}`)}, "exactly two"},
		"own, null payload": {engine.Value{TypeName: own, Has: true, Data: []byte(`{"topic":"a","payload":null}`)}, "not null"},
		"own, a number":     {engine.Value{TypeName: own, Has: true, Data: []byte(`{"topic":"a","payload":1}`)}, "JSON"},
		"own, unknown":      {engine.Value{TypeName: own, Has: true, Data: []byte(`{"topic":"x","payload":"y"}`)}, `no topic "x"`},
	} {
		if r, err := e.Check(row.value); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
