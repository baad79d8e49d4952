package statefuntest

import (
	"bytes"
	"encoding/json"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// DeadLetters returns the messages that failed for good and were sent to a
// function or to a Kafka egress by their dead-letter policy: letters to
// functions first, then records, each in their order. Of what is dropped only
// the log tells.
func (r *Runtime) DeadLetters() []statefun.DeadLetter {
	r.tb.Helper()
	var out []statefun.DeadLetter
	for _, d := range r.machine.letters {
		m, err := r.message(d.invocation.Argument)
		if err != nil {
			r.tb.Fatalf("statefuntest: dead letter: %v", err)
		}
		letter, err := statefun.DeadLetterType.Decode(m)
		if err != nil {
			r.tb.Fatalf("statefuntest: dead letter: %v", err)
		}
		if letter.Target == addressOf(d.invocation.Caller) { // else it is forwarded, or from the test
			out = append(out, letter)
		}
	}
	for i := range r.machine.records {
		if letter, ok := r.letterRecord(&r.machine.records[i]); ok {
			out = append(out, letter)
		}
	}
	return out
}

func isLetter(v wire.Version, argument []byte) bool {
	val, err := wire.ParseValue(v, argument)
	return err == nil && val.TypeName == statefun.DeadLetterType.Name()
}

// letterRecord knows a letter among Kafka records by its shape.
func (r *Runtime) letterRecord(e *wire.Egress) (letter statefun.DeadLetter, ok bool) {
	rec, err := r.record(e)
	if err != nil || rec.TypeName != "" || !bytes.HasPrefix(rec.Value, []byte(`{"target":`)) {
		return letter, false
	}
	decoder := json.NewDecoder(bytes.NewReader(rec.Value))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&letter)
	return letter, err == nil && letter.Target.ID == rec.Key && letter.Reason != ""
}
