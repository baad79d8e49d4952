package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/internal/wire/wiretest"
)

// byName returns a scenario's exchanges, by name.
func byName(t *testing.T, scenario string) map[string]recording {
	t.Helper()
	found := map[string]recording{}
	for _, rec := range recordings(t) {
		if strings.HasPrefix(rec.name, vectors.SDKGo+"/"+scenario+"/") {
			found[rec.Name] = rec
		}
	}
	return found
}

// Bodies that are no request. The first two are protobuf all the same: that
// they lack a batch, or a target, is for the handler to refuse.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	cases := map[string]string{ // a part of the error, or none
		"empty-body": "", "empty-invocation": "",
		"garbage": "mismatching end group marker", "json": "field 15", "truncated": "unexpected EOF", "trailing-zero": "bad tag",
		"base64-text": "field 13", "field-zero": "bad tag", "overlong-length": "unexpected EOF",
	}
	found := byName(t, "request-malformed")
	if len(found) != len(cases) {
		t.Errorf("%d cases recorded, %d expected", len(found), len(cases))
	}
	for name, want := range cases {
		var r wire.Request
		err := r.Decode(found[name].Request.Body)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if want == "" && (r.HasBatch != (name == "empty-invocation") || r.HasTarget || len(r.Invocations) > 0) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Legal protobuf that no runtime writes. All of it means what its text says;
// same says whether it also encodes again to the same bytes.
func TestUnusualRequests(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		same  bool
		check func(r *wire.Request) bool
	}{
		"fields-reversed":     {false, func(r *wire.Request) bool { return r.Target.ID == "p1" && len(r.Invocations) == 1 }},
		"typedvalue-reversed": {true, func(r *wire.Request) bool { return r.Invocations[0].Argument[0] == 3<<3|2 }},
		// Field 7 survives inside the argument, which is passed on as it is, and nowhere else.
		"unknown-fields": {false, func(r *wire.Request) bool {
			return bytes.HasSuffix(r.Invocations[0].Argument, []byte("\x3a\x02hi")) &&
				bytes.Count(wire.AppendRequest(nil, r), []byte("\x3a\x02hi")) == 1
		}},
		// The fork's metadata is such a field.
		"metadata-echo": {true, func(r *wire.Request) bool { return bytes.Contains(r.Invocations[0].Argument, []byte("traceparent")) }},
		"field-100-twice": {false, func(r *wire.Request) bool {
			return r.Target.ID == "p1" && len(r.Invocations) == 2 && bytes.HasSuffix(r.Invocations[1].Argument, []byte("|2|y"))
		}},
		"target-twice": {false, func(r *wire.Request) bool {
			return r.Target == wire.Address{Namespace: "vectors", Name: "plain", ID: "p1"}
		}},
		"explicit-defaults": {true, func(r *wire.Request) bool {
			val, err := wire.ParseValue(wire.V3, r.States[0].Value)
			return r.States[0].HasValue && err == nil && !val.Has && !r.States[1].HasValue
		}},
		"long-varints": {false, func(r *wire.Request) bool { return r.HasBatch && !r.HasTarget && len(r.Invocations) == 0 }},
	}
	s := wiretest.New(t, wire.V3)
	found := byName(t, "request-unusual")
	if len(found) != len(cases) {
		t.Errorf("%d cases recorded, %d expected", len(found), len(cases))
	}
	for name, tc := range cases {
		body := found[name].Request.Body
		var r wire.Request
		if err := r.Decode(body); err != nil || !tc.check(&r) {
			t.Errorf("%s: decoded (%v) as %+v", name, err, r)
			continue
		}
		got, err := s.FromRequest(&r)
		want, unread := wiretest.ParseText(s.Request, found[name].Request.Text)
		if err != nil || unread != nil || !wiretest.Equal(got, want) {
			t.Errorf("%s: decoded (%v) as\n%s\nwant (%v)\n%s", name, err, text(got), unread, text(want))
		}
		again := wire.AppendRequest(nil, &r)
		if bytes.Equal(again, body) != tc.same {
			t.Errorf("%s: encoded again is %x", name, again)
		}
		if canonical := wiretest.Marshal(want); !tc.same && name != "unknown-fields" && !bytes.Equal(again, canonical) {
			t.Errorf("%s: encoded again is %x, want %x", name, again, canonical)
		}
	}
}
