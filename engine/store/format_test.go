package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/engine/store"
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

var (
	sample  = wire.Address{Namespace: "ns", Name: "fn", ID: "id"}
	message = wire.Invocation{HasCaller: true, Caller: sample, HasArgument: true, Argument: []byte{0xaa, 0xbb}}
)

// TestFormat pins format 1, byte by byte. A change here is a new [store.Format].
func TestFormat(t *testing.T) {
	t.Parallel()
	delayed := store.Delayed{Target: sample, Token: "t", Message: wire.Invocation{HasArgument: true, Argument: []byte{0xcc}}}
	for name, test := range map[string]struct {
		got  []byte
		want string
	}{
		"counter key":        {store.CounterKey(), "63"},
		"counter":            {store.Number(258), "0000000000000102"},
		"message key":        {store.MessageKey(sample, 3), "6d 026e73 02666e 026964 0000000000000003"},
		"message":            {store.Message(&message), "03 026e73 02666e 026964 aabb"},
		"message, ingress":   {store.Message(&wire.Invocation{HasArgument: true, Argument: []byte{0xaa}}), "02 aa"},
		"message, empty":     {store.Message(&wire.Invocation{}), "00"},
		"delayed key":        {store.DelayedKey(1, 2), "64 0000000000000001 0000000000000002"},
		"delayed":            {delayed.Encode(), "026e73 02666e 026964 0174 02 cc"},
		"token key":          {store.TokenKey("id", "t"), "6b 026964 0174"},
		"token":              {store.TimerRef(1, 2), "0000000000000001 0000000000000002"},
		"state key":          {store.StateKey(sample, "s"), "73 026e73 02666e 026964 0173"},
		"state":              {store.Cell(semantics.Cell{Present: true, Touched: 5, Value: []byte{0xdd}}), "0000000000000005 dd"},
		"record key":         {store.RecordKey("ns", "eg", "q", 7), "65 026e73 026567 0171 0000000000000007"},
		"record":             {store.Record("k", []byte{0xee}), "016b ee"},
		"queue key":          {store.QueueKey("ns", "eg", "q"), "71 026e73 026567 0171"},
		"long text, uvarint": {store.TokenKey(strings.Repeat("a", 200), "")[:3], "6b c801"},
	} {
		want, err := hex.DecodeString(strings.ReplaceAll(test.want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(test.got, want) {
			t.Errorf("%s: %x, want %s", name, test.got, test.want)
		}
	}
}

func TestEverythingReadsBack(t *testing.T) {
	t.Parallel()
	check := func(name string, err error, got, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
	to, n, err := store.ParseMessageKey(store.MessageKey(sample, 3))
	check("message key", err, []any{to, n}, []any{sample, uint64(3)})
	m, err := store.ParseMessage(store.Message(&message))
	check("message", err, m, message)
	due, n, err := store.ParseDelayedKey(store.DelayedKey(1, 2))
	check("delayed key", err, []any{due, n}, []any{int64(1), uint64(2)})
	delayed := store.Delayed{Target: sample, Token: "t", Message: message}
	d, err := store.ParseDelayed(delayed.Encode())
	check("delayed", err, d, delayed)
	due, n, err = store.ParseTimerRef(store.TimerRef(1, 2))
	check("token", err, []any{due, n}, []any{int64(1), uint64(2)})
	cell := semantics.Cell{Present: true, Touched: 5, Value: []byte("v")}
	c, err := store.ParseCell(store.Cell(cell))
	check("state", err, c, cell)
	of, name, err := store.ParseStateKey(store.StateKey(sample, "s"))
	check("state key", err, []any{of, name}, []any{sample, "s"})
	n, err = store.ParseRecordKey(store.RecordKey("ns", "eg", "q", 7))
	check("record key", err, n, uint64(7))
	key, value, err := store.ParseRecord(store.Record("k", []byte("v")))
	check("record", err, []any{key, value}, []any{"k", []byte("v")})
	ns, eg, queue, err := store.ParseQueueKey(store.QueueKey("ns", "eg", "q"))
	check("queue key", err, []string{ns, eg, queue}, []string{"ns", "eg", "q"})
	n, err = store.ParseNumber(store.Number(9))
	check("number", err, n, uint64(9))
}

func TestStateRange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fn", "", "\xff\xff", strings.Repeat("x", 127)} {
		from, to := store.StateRange("ns", name)
		in := store.StateKey(wire.Address{Namespace: "ns", Name: name, ID: "\xff"}, "\xff")
		if bytes.Compare(from, in) > 0 || bytes.Compare(in, to) >= 0 {
			t.Errorf("%q: %x is not from %x to %x", name, in, from, to)
		}
		for _, other := range []string{name + "a", "b" + name, "fo"} {
			out := store.StateKey(wire.Address{Namespace: "ns", Name: other}, "")
			if bytes.Compare(from, out) <= 0 && bytes.Compare(out, to) < 0 {
				t.Errorf("%q: %x of %q is from %x to %x", name, out, other, from, to)
			}
		}
	}
}

// No two addresses may share the start of a key.
func TestKeysOfDifferentAddressesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]wire.Address{}
	for _, a := range []wire.Address{
		{Namespace: "a", Name: "b", ID: "c"},
		{Namespace: "ab", Name: "", ID: "c"},
		{Namespace: "", Name: "ab", ID: "c"},
		{Namespace: "a", Name: "bc", ID: ""},
		{Namespace: "a", Name: "b", ID: "c\x00"},
		{Namespace: "a", Name: "b", ID: ""},
	} {
		key := store.MessageKey(a, 0)
		prefix := string(key[:len(key)-8])
		for other, b := range seen {
			if strings.HasPrefix(prefix, other) || strings.HasPrefix(other, prefix) {
				t.Errorf("%v and %v: one key starts with the other", a, b)
			}
		}
		seen[prefix] = a
	}
}

// FuzzParse reads anything: no panic, and what can be read is written back as
// it was.
func FuzzParse(f *testing.F) {
	delayed := store.Delayed{Target: sample, Token: "t", Message: message}
	f.Add(store.MessageKey(sample, 3))
	f.Add(store.Message(&message))
	f.Add(delayed.Encode())
	f.Add(store.RecordKey("ns", "eg", "q", 7))
	f.Add([]byte("q\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		same := func(name string, err error, again []byte) {
			t.Helper()
			if err == nil && len(again) == len(b) && !bytes.Equal(again, b) {
				t.Errorf("%s: %x was read from %x", name, again, b)
			}
			if err != nil && !errors.Is(err, store.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		to, n, err := store.ParseMessageKey(b)
		same("message key", err, store.MessageKey(to, n))
		m, err := store.ParseMessage(b)
		same("message", err, store.Message(&m))
		due, n, err := store.ParseDelayedKey(b)
		same("delayed key", err, store.DelayedKey(due, n))
		d, err := store.ParseDelayed(b)
		same("delayed", err, d.Encode())
		due, n, err = store.ParseTimerRef(b)
		same("token", err, store.TimerRef(due, n))
		c, err := store.ParseCell(b)
		same("state", err, store.Cell(c))
		_, err = store.ParseRecordKey(b)
		same("record key", err, b)
		key, value, err := store.ParseRecord(b)
		same("record", err, store.Record(key, value))
		ns, name, queue, err := store.ParseQueueKey(b)
		same("queue key", err, store.QueueKey(ns, name, queue))
	})
}
