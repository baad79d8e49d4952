package statefun_test

import "github.com/statefun-go/statefun-go/statefun"

// sdkVerdict decides one recorded case in which the official SDKs do not all
// give the same answer, or ours does not follow them.
type sdkVerdict struct {
	name   string // scenario/name
	row    string // the row of sdkDifferences that the case belongs to
	like   string // the SDK whose answer is ours; "all" where all agree
	refuse bool   // ours is an error
	code   statefun.Code
	says   string // part of the error's text
}

func as(sdk, name, row string) sdkVerdict { return sdkVerdict{name: name, row: row, like: sdk} }

func fails(name, row, says string) sdkVerdict {
	return sdkVerdict{name: name, row: row, refuse: true, code: statefun.CodeFailed, says: says}
}

func malformed(name, row, says string) sdkVerdict {
	return sdkVerdict{name: name, row: row, refuse: true, code: statefun.CodeMalformed, says: says}
}

func unknown(name, row, says string) sdkVerdict {
	return sdkVerdict{name: name, row: row, refuse: true, code: statefun.CodeUnknownFunction, says: says}
}

func findVerdict(name string) (sdkVerdict, bool) {
	for _, v := range sdkVerdicts {
		if v.name == name {
			return v, true
		}
	}
	return sdkVerdict{}, false
}

// sdkVerdicts has one line for each case that needs a decision. A case that all
// SDKs refuse needs one only where ours fails with another code than
// CodeFailed.
var sdkVerdicts = []sdkVerdict{
	as("go", "address/empty-id", "own id empty"),
	malformed("address/empty-target", "no target", "no target"),
	malformed("address/invalid-utf8-id", "id with invalid UTF-8", "not UTF-8"),
	malformed("address/no-target", "no target", "no target"),
	unknown("address/only-name", "unknown function", "no such function"),
	unknown("address/slash-in-name", "unknown function", "no such function"),
	unknown("address/unknown-namespace", "unknown function", "other/plain"),
	unknown("address/unknown-type", "unknown function", "vectors/nosuch"),
	fails("batch/error-in-the-middle", "error in a batch", "boom"),
	fails("delay/empty-token", "send with an empty token", "token is empty"),
	fails("delay/same-token-twice", "negative delay; one token twice", "sent twice"),
	as("go", "echo-bool/false-explicit", "bool `08 00`, `08 02`"),
	as("go", "echo-bool/true-as-2", "bool `08 00`, `08 02`"),
	fails("echo-bool/wrong-field-type", "wrapper field of another wire type", "wire type"),
	as("go", "echo-double/0", "long, double"),
	as("go", "echo-double/0.1", "long, double"),
	as("go", "echo-double/1.5", "long, double"),
	as("go", "echo-double/max", "long, double"),
	as("go", "echo-double/minus-inf", "long, double"),
	as("go", "echo-double/nan", "long, double"),
	as("go", "echo-double/nan-payload", "NaN bits"),
	as("go", "echo-double/nan-signalling", "NaN bits"),
	as("go", "echo-int/last-wins", "wrapper field twice"),
	fails("echo-int/varint", "wrapper field of another wire type", "wire type"),
	as("go", "echo-json/null", "JSON `null` for a value"),
	fails("echo-json/trailing-junk", "JSON, junk after the value", "after top-level value"),
	as("go", "echo-long/-1", "long, double"),
	as("go", "echo-long/-9223372036854775808", "long, double"),
	as("go", "echo-long/0", "long, double"),
	as("go", "echo-long/1", "long, double"),
	as("go", "echo-long/9223372036854775807", "long, double"),
	fails("echo-long/int-bytes", "wrapper field of another wire type", "wire type"),
	as("go", "echo-long/zero-explicit", "long, double"),
	fails("echo-no-value/bytes-no-value", "argument with has_value false", "has no value"),
	fails("echo-no-value/int-no-value", "argument with has_value false", "has no value"),
	fails("echo-no-value/int-value-without-flag", "argument with has_value false", "has no value"),
	fails("echo-no-value/no-argument", "argument missing", "no argument"),
	fails("echo-no-value/string-value-without-flag", "argument with has_value false", "has no value"),
	as("go", "echo-protobuf/unknown-field", "protobuf, unknown field"),
	fails("echo-string/invalid-utf8", "string with invalid UTF-8", "not UTF-8"),
	fails("echo-string/not-wrapped", "plain text as string", "perhaps plain text"),
	fails("egress/kafka-no-topic", "Kafka record without topic", "no topic"),
	as("go", "egress/kafka-raw-int", "Kafka value, an integer without a type"),
	fails("egress/kinesis-empty-partition-key", "Kinesis, empty partition key", "partition key is empty"),
	malformed("http/empty-body", "zero-byte body", "empty"),
	malformed("http/get", "HTTP method and content type", "empty"),
	as("js", "http/json-type", "HTTP method and content type"),
	as("js", "http/put", "HTTP method and content type"),
	as("js", "http/upper-case", "HTTP method and content type"),
	as("go", "reply/caller-without-id", "send to an empty id"),
	as("java", "reply/empty-caller", "caller field present but empty"),
	malformed("request-malformed/base64-text", "", "no ToFunction"),
	malformed("request-malformed/empty-body", "zero-byte body", "empty"),
	malformed("request-malformed/empty-invocation", "no target", "no target"),
	malformed("request-malformed/field-zero", "field number 0", "field number"),
	malformed("request-malformed/garbage", "", "no ToFunction"),
	malformed("request-malformed/json", "", "no ToFunction"),
	malformed("request-malformed/overlong-length", "length field of 2 GiB in 7 bytes", "unexpected EOF"),
	malformed("request-malformed/trailing-zero", "", "no ToFunction"),
	malformed("request-malformed/truncated", "", "no ToFunction"),
	as("go", "request-unusual/field-100-twice", "field 100, or target, twice"),
	malformed("request-unusual/long-varints", "no target", "no target"),
	as("go", "request-unusual/target-twice", "field 100, or target, twice"),
	malformed("request-v2/opaque-state", "v2 request", "Options.Protocol"),
	malformed("request-v2/stateless", "v2 request", "Options.Protocol"),
	as("go", "state-missing/number-types", "long, double"),
	unknown("state-missing/odd-expirations", "expire after 0 ms, −1 ms, −1 s or 0.5 ms", "odd_expiring"),
	unknown("state-missing/sub-millisecond-expiration", "expire after 0 ms, −1 ms, −1 s or 0.5 ms", "micro_expiring"),
	fails("state-odd/broken-value-read", "", "read state"),
	as("go", "state-odd/duplicate-name", "one state twice in the request"),
	fails("state-odd/no-typename-read", "stored state of another type, read", "declared type"),
	fails("state-odd/wrong-typename-read", "stored state of another type, read", "declared type"),
	fails("state-odd/wrong-typename-same-bytes", "stored state of another type, read", "declared type"),
	as("go", "state-read/numbers", "−0.0"),
	as("go", "state-write/numbers-zero", "long, double"),
}
