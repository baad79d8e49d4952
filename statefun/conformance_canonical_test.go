package statefun_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// canonical returns an encoded FromFunction as lines that are equal where two
// answers mean the same to a runtime: messages, delayed messages and egress
// records in their order; mutations and missing states as sets by name; an
// empty ExpirationSpec like none; an empty body like an empty result; egress
// records decoded; JSON as JSON; NaN as NaN. Cancellation tokens lose the
// prefix that only our SDK puts before them.
func canonical(v wire.Version, body []byte, tokenPrefix string) ([]string, error) {
	var a wire.Answer
	if err := a.Decode(v, body); err != nil {
		return nil, err
	}
	var c canonicalizer
	c.v = v
	for _, m := range a.Mutations {
		switch {
		case m.Type == wire.Delete:
			c.add("delete %s", m.Name)
		case v == wire.V2:
			c.add("modify %s %s", m.Name, c.value(m.Opaque()))
		default:
			c.add("modify %s %s", m.Name, c.value(m.Value))
		}
	}
	for _, s := range a.Missing {
		c.add("missing %s %s mode %d after %d ms", s.Name, s.TypeName, s.Mode, s.ExpireAfterMillis)
	}
	slices.Sort(c.lines)
	for _, m := range a.Messages {
		c.add("message %v %s", m.Target, c.value(m.Argument))
	}
	for _, d := range a.Delayed {
		token := strings.TrimPrefix(d.Token, tokenPrefix)
		if d.Cancel {
			c.add("cancel %q", token)
			continue
		}
		c.add("delayed %d ms %v %s token %q", d.DelayMillis, d.Target, c.value(d.Argument), token)
	}
	for _, e := range a.Egresses {
		c.add("egress %s/%s %s", e.Namespace, e.Name, c.value(e.Argument))
	}
	return c.lines, c.err
}

type canonicalizer struct {
	v     wire.Version
	lines []string
	err   error // the first
}

func (c *canonicalizer) add(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *canonicalizer) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// value returns an encoded TypedValue or Any as text.
func (c *canonicalizer) value(raw []byte) string {
	val, err := wire.ParseValue(c.v, raw)
	if err != nil {
		c.fail(err)
		return ""
	}
	return fmt.Sprintf("%s %t %s", val.TypeName, val.Has, c.payload(val.TypeName, val.Data))
}

func (c *canonicalizer) payload(typename string, data []byte) string {
	switch typename {
	case wire.KafkaTypeName(c.v):
		r, err := wire.DecodeKafkaRecord(data)
		if err != nil {
			c.fail(err)
		}
		return fmt.Sprintf("key %q topic %q value %q headers %v", r.Key, r.Topic, r.Value, r.Headers)
	case wire.KinesisTypeName(c.v):
		r, err := wire.DecodeKinesisRecord(data)
		if err != nil {
			c.fail(err)
		}
		return fmt.Sprintf("partition %q hash %q stream %q value %q", r.PartitionKey, r.ExplicitHashKey, r.Stream, r.Value)
	case vectorUser.Name():
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			c.fail(err)
		}
		text, err := json.Marshal(v) // keys sorted
		if err != nil {
			c.fail(err)
		}
		return string(text)
	case statefun.Float32.Name():
		if len(data) == 5 && math.IsNaN(float64(math.Float32frombits(littleEndian32(data[1:])))) {
			return "NaN"
		}
	case statefun.Float64.Name():
		if u, n := protowire.ConsumeFixed64(data[min(len(data), 1):]); n == len(data)-1 && math.IsNaN(math.Float64frombits(u)) {
			return "NaN"
		}
	}
	return fmt.Sprintf("%q", data)
}

func littleEndian32(b []byte) uint32 {
	u, _ := protowire.ConsumeFixed32(b)
	return u
}
