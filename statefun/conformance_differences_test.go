package statefun_test

import (
	"slices"
	"testing"
)

// sdkDifference is one input on which the official SDKs of version 3.3.0
// differ, or all do what ours does not. Every one is tested: by the cases of
// sdkVerdicts that name it, by a test of its own, or by both. Those with a why
// are the table of docs/differences.md.
type sdkDifference struct {
	input                   string
	goSDK, java, js, python string // "✗": the request fails
	ours                    string
	why                     string             // empty where ours is what the other SDKs do
	test                    func(t *testing.T) // runs by itself
}

var sdkDifferences = []sdkDifference{
	{
		"no effects", "`a2 06 00`", "`a2 06 00`", "`a2 06 00`", "zero bytes", "`a2 06 00`",
		"a result without effects and a lost body do not look alike", TestDifferenceNoEffects,
	},
	{
		"no expiration, in the handshake", "an empty ExpirationSpec", "omitted", "omitted", "an empty ExpirationSpec", "omitted; both are read",
		"the shorter of two forms with one meaning", TestDifferenceNoExpiration,
	},
	{
		"order of mutations and of missing specs", "random", "fixed, not declared", "declaration", "declaration", "declaration",
		"same request, same bytes", TestDifferenceOrderOfDeclaration,
	},
	{
		"long, double", "yes", "yes", "no such types", "yes", "yes",
		"they are types of the protocol", nil,
	},
	{
		"−0.0", "sign kept", "zero bytes", "zero bytes (float)", "zero bytes", "sign kept",
		"a value that is written is read back unchanged", TestDifferenceNegativeZero,
	},
	{
		"NaN bits", "kept", "kept", "`7fffffff`", "`7fc00000`", "kept",
		"a value that is written is read back unchanged", TestDifferenceNaNBits,
	},
	{
		"bool `08 00`, `08 02`", "ok", "✗", "ok", "ok", "read, and written canonically",
		"both are legal protobuf", nil,
	},
	{
		"wrapper field twice", "last", "first", "last", "last", "last",
		"protobuf's rule", nil,
	},
	{
		"wrapper field of another wire type", "zero", "✗", "✗", "zero", "✗",
		"the bytes are of another type; a silent zero would be written back", nil,
	},
	{
		"plain text as string", "✗", "✗", "the empty string", "✗", "✗, and the error names the usual cause, also where the text parses as fields that the wrapper has not",
		"an ingress that labels plain text as a string is a common mistake", nil,
	},
	{
		"string with invalid UTF-8", "✗", "U+FFFD", "bytes dropped", "✗", "✗",
		"nothing is changed without a word; Bytes takes any bytes", TestDifferenceInvalidUTF8String,
	},
	{
		"id with invalid UTF-8", "✗", "✗", "ok", "✗", "✗, malformed",
		"proto3 strings are UTF-8", nil,
	},
	{
		"JSON bytes", "compact, `<&>` and U+2028 escaped, a newline at the end", "bring your own", "compact", "`\", \"` and `\": \"`", "compact, no HTML escapes, no newline",
		"the shortest text; U+2028 and U+2029 stay escaped, as encoding/json always writes them", TestDifferenceJSONBytes,
	},
	{
		"JSON `null` for a value", "zero value", "✗", "✗", "✗", "zero value",
		"encoding/json's rule, which a Go programmer knows", nil,
	},
	{
		"JSON, junk after the value", "ok", "ok", "✗", "✗", "✗",
		"a cut or doubled message must not pass", nil,
	},
	{
		"cancellation token", "as given", "as given", "as given", "as given", "`<namespace>/<name>|` and the token; `RawToken` as given",
		"a runtime keeps the tokens of all function types of one id in one index, and one sent twice fails the Flink job", TestDifferenceTokenPrefix,
	},
	{
		"protobuf, unknown field", "kept", "kept", "dropped", "kept", "kept",
		"a function of an older schema must not lose what a newer one wrote", nil,
	},
	{
		"argument with has_value false", "decoded all the same", "✗", "null", "None", "✗",
		"there is no value to decode; no runtime and no SDK sends this", TestDifferenceHasValueFalse,
	},
	{
		"argument missing", "✗ (nil dereference)", "✗", "✗", "✗", "✗, for this message alone",
		"", nil,
	},
	{
		"stored state of another type, read", "a wrong value", "a wrong value where the wire type fits", "✗", "✗", "✗; `State.Raw` reads it",
		"a wrong value would be written back; to change a state's type is a migration", TestDifferenceOtherTypeRaw,
	},
	{
		"stored state of another type, unread or overwritten", "ok", "ok", "ok", "ok", "ok",
		"", TestDifferenceOtherTypeOverwritten,
	},
	{
		"one state twice in the request", "first", "first", "last", "last", "first",
		"no runtime sends this", nil,
	},
	{
		"caller field present but empty", "an address with a nil type", "absent", "the address `/`", "absent", "absent",
		"a runtime reads an address of empty parts as none", nil,
	},
	{
		"own id empty", "ok", "ok", "ok", "✗", "ok",
		"an empty Kafka key is an empty id", TestDifferenceOwnIDEmpty,
	},
	{
		"send to an empty id", "sent", "sent", "✗", "✗", "✗, unless the own id is empty or the target is the caller",
		"functions in JavaScript and Python cannot receive it, and it is nearly always a mistake", TestDifferenceSendToEmptyID,
	},
	{
		"target type `a//c`", "namespace `a`", "namespace `a`", "namespace `a/`", "namespace `a/`", "✗ (an empty part); `a/b/c` is namespace `a/b`",
		"one name must not mean two functions", TestDifferenceTargetSlashes,
	},
	{
		"negative delay; one token twice", "sent", "sent", "sent", "sent", "✗",
		"both fail the Flink job", TestDifferenceNegativeDelay,
	},
	{
		"send with an empty token", "✗", "✗", "sent without", "sent without", "✗",
		"such a message could never be cancelled", nil,
	},
	{
		"cancel with an empty token", "✗", "✗", "✗", "sent", "✗",
		"it fails the Flink job", TestDifferenceCancelEmptyToken,
	},
	{
		"expire after 0 ms, −1 ms, −1 s or 0.5 ms", "sent, 0.5 as 0", "sent, 0.5 as 0", "0 and −1 s sent, −1 ms as none, 0.5 ✗", "0 as none, negative sent, 0.5 as 0", "✗, in New",
		"a runtime refuses 0 and less, for ever; a fraction above is rounded up", TestDifferenceOddExpirations,
	},
	{
		"Kafka record without topic", "✗", "sent", "✗", "✗", "✗",
		"the sink fails later and cannot say who sent it", nil,
	},
	{
		"Kinesis, empty partition key", "✗", "sent", "✗", "sent", "✗",
		"the service refuses such records", nil,
	},
	{
		"Kafka value, an integer without a type", "4 bytes, big endian", "no such call", "4 bytes, big endian", "4 bytes, big endian", "no such call; an `Encoder` of the user's can write it",
		"a record says what its consumer expects", nil,
	},
	{
		"write to an undeclared state", "✗", "✗", "✗ (strict mode)", "✗", "✗",
		"", TestDifferenceUndeclaredState,
	},
	{
		"error in a batch", "✗, all of it", "✗, all of it", "✗, all of it", "✗, all of it", "✗, all of it; `Terminal` and a dead-letter policy let one message fail alone",
		"one message that can never succeed must not stop its address for ever", TestDifferenceTerminalInBatch,
	},
	{
		"no messages, states complete", "empty result", "empty result", "empty result", "zero bytes", "`a2 06 00`",
		"as for no effects", TestDifferenceNoMessages,
	},
	{
		"unknown function", "500 and a text", "✗", "500, no body", "✗", "`CodeUnknownFunction`, over HTTP 503",
		"a rolling deploy is not a reason to fail; a 4xx fails the Flink job on one of its transports", nil,
	},
	{
		"zero-byte body", "400", "zero bytes, a success", "500", "✗", "✗, malformed, over HTTP 400",
		"a lost body must not count as a batch done", nil,
	},
	{
		"no invocation in the request", "connection closed", "zero bytes, a success", "500", "✗", "✗, malformed, over HTTP 400",
		"a request that is not understood must not count as a batch done", TestDifferenceNoInvocation,
	},
	{
		"no target", "connection closed", "✗", "500", "✗", "✗, malformed, over HTTP 400",
		"the request breaks the protocol", nil,
	},
	{
		"length field of 2 GiB in 7 bytes", "✗", "✗", "never answers", "✗", "✗, malformed, at once",
		"work is bounded by the bytes that came", TestDifferenceHugeLength,
	},
	{
		"field number 0", "✗", "✗", "ok", "✗", "✗, malformed",
		"no protobuf", TestDifferenceFieldZero,
	},
	{
		"field 100, or target, twice", "merged", "merged", "✗", "merged", "merged",
		"protobuf's rule", nil,
	},
	{
		"v2 request", "runs without the value", "✗", "✗", "runs without the value", "✗, and the error names `Options.Protocol`; runs under `V2` and `Auto`",
		"a value is never lost in silence", TestDifferenceVersion2Request,
	},
	{
		"HTTP method and content type", "POST only; no content type or `application/octet-stream` in that case", "no HTTP layer", "not looked at", "no HTTP layer", "the adapters' table; the core sees bodies only",
		"", nil,
	},
}

// TestDifferences fails for rows that nothing tests, and for verdicts without a
// row.
func TestDifferences(t *testing.T) {
	t.Parallel()
	for _, d := range sdkDifferences {
		recorded := slices.ContainsFunc(sdkVerdicts, func(v sdkVerdict) bool { return v.row == d.input })
		if d.test == nil && !recorded {
			t.Errorf("nothing tests the row %q", d.input)
		}
	}
	for _, v := range sdkVerdicts {
		if v.row != "" && !slices.ContainsFunc(sdkDifferences, func(d sdkDifference) bool { return d.input == v.row }) {
			t.Errorf("the verdict on %s names no row: %q", v.name, v.row)
		}
	}
}
