package wire_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// recording is one recorded exchange.
type recording struct {
	vectors.Exchange
	name     string // folder/scenario/exchange
	scenario string
	schema   *wiretest.Schema
}

// unusual requests are judged one by one in TestUnusualRequests.
func (r recording) unusual() bool {
	return r.scenario == "request-malformed" || r.scenario == "request-unusual"
}

// foreign reports the requests in which a version 2 runtime passes on a message
// that a function wrote in version 3.
func (r recording) foreign() bool {
	return strings.HasPrefix(r.name, vectors.Flink22+"/v3-answer-") &&
		bytes.Contains(r.Request.Body, []byte("io.statefun.types/string\x10\x01"))
}

// recordings returns every exchange of every folder. An exchange without a name
// goes by its position.
func recordings(tb testing.TB) (list []recording) {
	tb.Helper()
	byProtocol := map[string]*wiretest.Schema{"v3": wiretest.New(tb, wire.V3), "v2": wiretest.New(tb, wire.V2)}
	for _, folder := range vectors.Folders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			tb.Fatal(err)
		}
		for _, s := range scenarios {
			for i, e := range s.Exchanges {
				if e.Name == "" {
					e.Name = strconv.Itoa(i)
				}
				list = append(list, recording{
					Exchange: e, name: folder + "/" + s.Name + "/" + e.Name, scenario: s.Name, schema: byProtocol[s.Protocol],
				})
			}
		}
	}
	return list
}

// A recorded request encodes again to the bytes that were recorded, so that
// nothing in it is lost, and means what its recorded text says.
func TestRecordedRequests(t *testing.T) {
	t.Parallel()
	foreign := 0
	for _, rec := range recordings(t) {
		agreeRequest(t, rec.schema, rec.Request.Body)
		if rec.unusual() || len(rec.Request.Body) == 0 {
			continue
		}
		var r wire.Request
		err := r.Decode(rec.Request.Body)
		if (err != nil) != (rec.Name == "invalid-utf8-id") {
			t.Errorf("%s: %v", rec.name, err)
		}
		if err != nil {
			continue
		}
		again := wire.AppendRequest(nil, &r)
		// An all-empty caller means none and is not written again.
		if !bytes.Equal(again, rec.Request.Body) && rec.Name != "empty-caller" {
			t.Errorf("%s: encoded again is\n%x, was\n%x", rec.name, again, rec.Request.Body)
		}
		got, err := rec.schema.FromRequest(&r)
		switch {
		case rec.foreign():
			foreign++
			if !errors.Is(err, wire.ErrOtherVersion) {
				t.Errorf("%s: %v, want %v", rec.name, err, wire.ErrOtherVersion)
			}
		case err != nil:
			t.Errorf("%s: %v", rec.name, err)
		case rec.scenario == "request-v2": // its text was printed by a version 3 decoder
		default:
			want, err := wiretest.ParseText(rec.schema.Request, rec.Request.Text)
			if err != nil || !wiretest.Equal(got, want) {
				t.Errorf("%s: decoded as\n%s\nwant (%v)\n%s", rec.name, text(got), err, rec.Request.Text)
			}
		}
	}
	if foreign != 11 {
		t.Errorf("%d version 3 arguments inside version 2, want the 11 of the vectors' README", foreign)
	}
}

// A recorded answer is an answer here exactly where protobuf-go takes it for
// one, garbage and error texts included, and means what its text says.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	read, records := 0, 0
	for _, rec := range recordings(t) {
		for _, body := range append([][]byte{rec.Response.Body}, rec.Variants...) {
			agreeAnswer(t, rec.schema, body)
			var a wire.Answer
			err := a.Decode(rec.schema.Version, body)
			want, noText := wiretest.ParseText(rec.schema.Answer, rec.Response.Text)
			if refused := rec.Response.Status >= 300 || rec.Response.Error != ""; refused || noText != nil || err != nil {
				continue
			}
			got, err := rec.schema.FromAnswer(&a)
			if err != nil || len(rec.Variants) == 0 && !wiretest.Equal(got, want) {
				t.Errorf("%s: decoded (%v) as\n%s\nwant\n%s", rec.name, err, text(got), rec.Response.Text)
			}
			read++
			records += recordedRecords(t, rec.schema, &a)
		}
	}
	if read != 986 || records < 50 {
		t.Errorf("%d answers and %d egress records compared, want 986 and more than 50", read, records)
	}
}

// recordedRecords compares the Kafka and Kinesis records of an answer, and
// returns how many there are.
func recordedRecords(t *testing.T, s *wiretest.Schema, a *wire.Answer) (n int) {
	t.Helper()
	for _, egress := range a.Egresses {
		val, err := wire.ParseValue(s.Version, egress.Argument)
		switch {
		case err != nil:
		case val.TypeName == wire.KafkaTypeName(s.Version):
			agreeKafka(t, s, val.Data)
			n++
		case val.TypeName == wire.KinesisTypeName(s.Version):
			agreeKinesis(t, s, val.Data)
			n++
		}
	}
	return n
}
