package wire_test

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/wire"
)

const undecided wire.Version = 0

// Every recorded request is told apart as its recording says, but for those in
// which nothing decides, and for those whose only evidence is a message that a
// function wrote in the wrong version.
func TestDetectRecorded(t *testing.T) {
	t.Parallel()
	open := map[string]int{}
	for _, rec := range recordings(t) {
		var r wire.Request
		if len(rec.Request.Body) == 0 || r.Decode(rec.Request.Body) != nil {
			continue
		}
		verdict := wire.Detect(&r)
		switch {
		case rec.foreign():
			if verdict.Version != wire.V3 || verdict.Certain {
				t.Errorf("%s: %+v, want version 3, not certain", rec.name, verdict)
			}
		case verdict.Version == undecided:
			folder, _, _ := strings.Cut(rec.name, "/")
			if strings.HasPrefix(folder, "sdk-") {
				folder = "sdk-*"
			}
			open[folder+"/"+rec.scenario]++
		case verdict.Version != rec.schema.Version || verdict.Mixed != mixed(rec):
			t.Errorf("%s: %+v, want version %d", rec.name, verdict, rec.schema.Version)
		}
	}
	if want := undecidable(); !maps.Equal(open, want) {
		t.Errorf("undecided: %v\nwant %v", open, want)
	}
}

// undecidable counts the requests without any evidence: no argument has more
// than a typename, and no state has a value.
func undecidable() map[string]int {
	return map[string]int{
		"flink-3.3.0/empty-values":                        2,
		"flink-2.2.2/delayed-message":                     1,
		"flink-2.2.2/ingress-empty-payload":               1,
		"flink-2.2.2/kafka-empty-key-and-value":           1,
		"flink-2.2.2/send-without-argument":               1,
		"flink-2.2.2/v3-answer-messages-remote-multilang": 8,
		"go-sdk-3.3.0/v2-request-no-argument":             1,
		"go-sdk-3.3.0/v2-request-stateless-empty-message": 1,
		"python-sdk-2.2.2/default-message-typed":          1,
		"python-sdk-2.2.2/no-argument":                    1,
		"python-sdk-2.2.2/no-invocations":                 1,
		// The same requests in four folders: arguments without a value, no
		// arguments, no invocations, no content at all.
		"sdk-*/batch":             12,
		"sdk-*/echo-no-value":     16,
		"sdk-*/request-malformed": 4,
		"sdk-*/request-unusual":   4,
		"sdk-*/state-missing":     4,
	}
}

// mixed names the requests that hold a state value of the other version, or of
// no regular shape, beside an argument that decides.
func mixed(rec recording) bool {
	return slices.Contains([]string{
		"v3-answer-state-mutation/1",
		"request-unusual/explicit-defaults", "state-odd/no-typename-read",
		"state-read/has-value-false", "state-read/has-value-false-with-bytes",
	}, rec.scenario+"/"+rec.Name)
}

// Golden requests, target ns/fn/id, no states, no caller.
func TestDetectGolden(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hex  string
		want wire.Verdict
	}{
		"version 3, zero bytes": {
			"a206190a0c0a026e731202666e1a0269641a0912070a03742f781001",
			wire.Verdict{Version: wire.V3, Certain: true},
		},
		"version 2": {
			"a2061d0a0c0a026e731202666e1a0269641a0d120b0a03742f7812040a026869",
			wire.Verdict{Version: wire.V2, Certain: true},
		},
		"undecidable": {"a206170a0c0a026e731202666e1a0269641a0712050a03742f78", wire.Verdict{}},
	} {
		body, err := hex.DecodeString(tc.hex)
		if err != nil {
			t.Fatal(err)
		}
		var r wire.Request
		if err := r.Decode(body); err != nil || (r.Target != wire.Address{Namespace: "ns", Name: "fn", ID: "id"}) {
			t.Errorf("%s: %v, target %v", name, err, r.Target)
		}
		if got := wire.Detect(&r); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// What the fields inside an argument show.
func TestDetectArguments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		argument string
		want     wire.Version
	}{
		"field 2, varint":                      {"\x10\x01", wire.V3},
		"field 2, varint, explicitly false":    {"\x10\x00", wire.V3},
		"fields 1 and 2, varint":               {"\x0a\x03t/x\x10\x01", wire.V3},
		"field 3, bytes":                       {"\x0a\x03t/x\x1a\x02hi", wire.V3},
		"field 3, bytes, empty":                {"\x1a\x00", wire.V3},
		"fields 3, 2, 1":                       {"\x1a\x02hi\x10\x01\x0a\x03t/x", wire.V3},
		"field 2, bytes":                       {"\x12\x02hi", wire.V2},
		"field 2, bytes, empty":                {"\x12\x00", wire.V2},
		"fields 1 and 2, bytes":                {"\x0a\x03t/x\x12\x02hi", wire.V2},
		"fields 2, bytes, and 1":               {"\x12\x02hi\x0a\x03t/x", wire.V2},
		"field 1 only":                         {"\x0a\x03t/x", undecided},
		"field 1 only, a protobuf type":        {"\x0a\x18type.googleapis.com/a.Big", undecided},
		"nothing":                              {"", undecided},
		"field 2, fixed64":                     {"\x11\x01\x02\x03\x04\x05\x06\x07\x08", undecided},
		"field 3, varint":                      {"\x18\x01", undecided},
		"unknown fields first":                 {"\x3a\x02hi\x20\x01\x10\x01", wire.V3},
		"the fork's metadata, version 3":       {"\x22\x03\x0a\x01k\x10\x01", wire.V3},
		"tag and length longer than need be":   {"\x92\x80\x00\x82\x00hi", wire.V2},
		"malformed, and nothing before":        {"\x0a\x05t", undecided},
		"malformed, after what decides":        {"\x10\x01\x0a\x05t", wire.V3},
		"a value that looks like the other":    {"\x0a\x03t/x\x12\x02\x10\x01", wire.V2},
		"a typename that looks like the other": {"\x0a\x02\x12\x00\x10\x01", wire.V3},
	} {
		argument := []byte(tc.argument)
		ingress := wire.Request{Invocations: []wire.Invocation{{HasArgument: true, Argument: argument}}}
		if got, want := wire.Detect(&ingress), (wire.Verdict{Version: tc.want, Certain: tc.want != 0}); got != want {
			t.Errorf("%s, from an ingress: %+v, want %+v", name, got, want)
		}
		function := wire.Request{Invocations: []wire.Invocation{{HasCaller: true, HasArgument: true, Argument: argument}}}
		if got, want := wire.Detect(&function), (wire.Verdict{Version: tc.want}); got != want {
			t.Errorf("%s, from a function: %+v, want %+v", name, got, want)
		}
	}
}

// What the bytes of a state value show.
func TestDetectStates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		value string
		want  wire.Version
	}{
		"1, 2":                      {"\x0a\x03a/b\x10\x01", wire.V3},
		"1, 2, 3":                   {"\x0a\x03a/b\x10\x01\x1a\x02hi", wire.V3},
		"1, 2, 3 empty":             {"\x0a\x03a/b\x10\x01\x1a\x00", wire.V3},
		"in another order":          {"\x1a\x02hi\x10\x01\x0a\x03a/b", wire.V3},
		"typename of several parts": {"\x0a\x05a/b/c\x10\x01", wire.V3},
		"1, 2 bytes: an Any":        {"\x0a\x03a/b\x12\x02hi", wire.V2},
		"typename without slash":    {"\x0a\x03abc\x10\x01", wire.V2},
		"typename not UTF-8":        {"\x0a\x03a/\xff\x10\x01", wire.V2},
		"2 is 0":                    {"\x0a\x03a/b\x10\x00", wire.V2},
		"2 is 2":                    {"\x0a\x03a/b\x10\x02", wire.V2},
		"2 missing":                 {"\x0a\x03a/b\x1a\x02hi", wire.V2},
		"1 missing":                 {"\x10\x01\x1a\x02hi", wire.V2},
		"1 only":                    {"\x0a\x03a/b", wire.V2},
		"1 twice":                   {"\x0a\x03a/b\x0a\x03a/b\x10\x01", wire.V2},
		"2 twice":                   {"\x0a\x03a/b\x10\x01\x10\x01", wire.V2},
		"3 twice":                   {"\x0a\x03a/b\x10\x01\x1a\x00\x1a\x00", wire.V2},
		"field 4":                   {"\x0a\x03a/b\x10\x01\x22\x00", wire.V2},
		"the largest field number":  {"\x0a\x03a/b\x10\x01\xf8\xff\xff\xff\x0f\x00", wire.V2},
		"3 as a varint":             {"\x0a\x03a/b\x10\x01\x18\x01", wire.V2},
		"1 as a varint":             {"\x08\x01\x10\x01", wire.V2},
		"a string wrapper":          {"\x0a\x02hi", wire.V2},
		"a long wrapper":            {"\x09\x01\x00\x00\x00\x00\x00\x00\x00", wire.V2},
		"no protobuf":               {"\xff\x01\x02", wire.V2},
		"text":                      {"hello world", wire.V2},
		"cut off":                   {"\x0a\x03a/b\x10\x01\x1a\x05hi", wire.V2},
		"a zero byte":               {"\x00", wire.V2},
		"present and empty":         {"", undecided},
	} {
		r := wire.Request{States: []wire.State{{Name: "bare"}, {Name: "s", HasValue: true, Value: []byte(tc.value)}}}
		if got, want := wire.Detect(&r), (wire.Verdict{Version: tc.want}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Evidence in its order: an ingress's arguments, states, functions' arguments.
// In each, the first that decides counts. What contradicts is told.
func TestDetectOrder(t *testing.T) {
	t.Parallel()
	argument := map[wire.Version]string{wire.V3: "\x10\x01", wire.V2: "\x12\x00", undecided: "\x0a\x03t/x"}
	value := map[wire.Version]string{wire.V3: "\x0a\x03a/b\x10\x01", wire.V2: "\x0a\x03a/b\x12\x00"}
	all := []wire.Version{undecided, wire.V2, wire.V3}
	for _, ingress := range all {
		for _, state := range all {
			for _, function := range all {
				r := wire.Request{
					States: []wire.State{{Name: "s", HasValue: state != 0, Value: []byte(value[state])}},
					Invocations: []wire.Invocation{ // the function's comes first: position does not matter
						{HasCaller: true, HasArgument: true, Argument: []byte(argument[function])},
						{HasArgument: true, Argument: []byte(argument[ingress])},
					},
				}
				given := []wire.Version{ingress, state, function}
				want := wire.Verdict{
					Certain: ingress != 0,
					Mixed:   slices.Contains(given, wire.V2) && slices.Contains(given, wire.V3),
				}
				for _, v := range given {
					if want.Version == 0 {
						want.Version = v
					}
				}
				if got := wire.Detect(&r); got != want {
					t.Errorf("ingress %d, state %d, function %d: %+v, want %+v", ingress, state, function, got, want)
				}
			}
		}
	}

	two := wire.Request{Invocations: []wire.Invocation{{}, {Argument: []byte("\x12\x00")}, {Argument: []byte("\x10\x01")}}}
	if got, want := wire.Detect(&two), (wire.Verdict{Version: wire.V2, Certain: true, Mixed: true}); got != want {
		t.Errorf("an ingress of two minds: %+v, want %+v", got, want)
	}
	if got := wire.Detect(&wire.Request{}); got != (wire.Verdict{}) {
		t.Errorf("nothing: %+v", got)
	}
}

// The verdict depends on the bytes alone: not on what the Request held before,
// on what was detected before, or on who else asks.
func TestDetectIsPure(t *testing.T) {
	t.Parallel()
	var used wire.Request
	for range 2 {
		for _, rec := range recordings(t) {
			var fresh wire.Request
			if fresh.Decode(rec.Request.Body) != nil || used.Decode(rec.Request.Body) != nil {
				continue
			}
			if a, b := wire.Detect(&fresh), wire.Detect(&used); a != b || a != wire.Detect(&fresh) {
				t.Errorf("%s: %+v and %+v", rec.name, a, b)
			}
		}
	}
}
