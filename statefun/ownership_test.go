package statefun_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// kept is everything of a batch that a user can keep.
type kept struct {
	request []byte
	self    statefun.Address
	caller  statefun.Address
	message statefun.Message
	text    string
	state   string
	blob    []byte
	view    []byte // what a Custom decoder was handed
	raw     []byte
	written string // a state read back after it was written
	rawSet  []byte
}

func (k *kept) String() string {
	return fmt.Sprintf("%v %v %q %x %q %q %q %q %q %q %q", k.self, k.caller, k.message.TypeName(), k.message.Value(), k.text, k.state, k.blob, k.view, k.raw, k.written, k.rawSet)
}

// Nothing that a user keeps changes under them, whatever runs on the pooled
// insides later; and what is handed out as a view is one: no copy was made.
func TestOwnership(t *testing.T) {
	t.Parallel()
	s := statefun.NewState("s", statefun.String)
	blob := statefun.NewState("blob", statefun.Bytes("ns/blob"))
	custom := statefun.NewState("view", statefun.Custom("ns/view",
		func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil },
		func(data []byte) ([]byte, error) { return data, nil }))
	var k *kept
	h := define(t, nil, s, blob, custom, onText(func(inv *statefun.Invocation, text string) (err error) {
		k.self, k.message, k.text = inv.Self(), inv.Message(), text
		k.caller, _ = inv.Caller()
		k.state, _ = s.Get(inv)
		k.blob, _ = blob.Get(inv)
		k.view, _ = custom.Get(inv)
		_, k.raw, _ = custom.Raw(inv)
		s.Set(inv, "written "+text)
		blob.Set(inv, []byte("blob "+text))
		k.written, _ = s.Get(inv)
		_, k.rawSet, _ = blob.Raw(inv)
		statefun.String.Reply(inv, text)
		return inv.Err()
	}))
	var all []*kept
	var texts []string
	for i := range 200 {
		fill := strings.Repeat(string(rune('a'+i%26)), 10+i%7)
		request := encodeBatch(wire.V3, wire.Address{Namespace: "ns", Name: "caller", ID: fill}, []wire.State{
			stateOf("s", text(fill)),
			stateOf("blob", wire.Value{TypeName: "ns/blob", Has: true, Data: []byte(fill)}),
			stateOf("view", wire.Value{TypeName: "ns/view", Has: true, Data: []byte(fill)}),
		}, text(fill))
		k = &kept{request: request}
		if _, err := h.Append(context.Background(), nil, request); err != nil {
			t.Fatal(err)
		}
		all, texts = append(all, k), append(texts, k.String())
	}
	for i, k := range all {
		if k.String() != texts[i] {
			t.Fatalf("what request %d handed out has changed:\n%v\nwas\n%v", i, k, texts[i])
		}
		for name, data := range map[string][]byte{
			"id": bytesOf(k.self.ID), "caller": bytesOf(k.caller.ID), "typename": bytesOf(k.message.TypeName()), "message": k.message.Value(),
			"text": bytesOf(k.text), "state": bytesOf(k.state), "view": k.view, "raw": k.raw,
		} {
			if !within(data, k.request) {
				t.Errorf("%s is a copy, not a view", name)
			}
		}
		if within(k.blob, k.request) {
			t.Error("a []byte value is a view: the user could write the request")
		}
		if cap(k.view) != len(k.view) {
			t.Error("a view has room to append into the request")
		}
	}
}

func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func within(part, whole []byte) bool {
	p, w := uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	return p >= w && p+uintptr(len(part)) <= w+uintptr(len(whole))
}

// The request is read only, also by a function that writes what it was given.
func TestRequestIsNotWritten(t *testing.T) {
	t.Parallel()
	h := newWorker(t, &statefun.Options{DeadLetter: statefun.DeadLetterFunction(other)})
	request := encodeBatch(wire.V3, caller, fresh, text("a"), text("terminal"), text("b"))
	before := bytes.Clone(request)
	if _, err := h.Append(context.Background(), nil, request); err != nil || !bytes.Equal(request, before) {
		t.Errorf("the request was written: %v", err)
	}
}

// A view of a value that was written in the batch has no room behind it either:
// two who append to theirs would write into the same.
func TestViewOfWrittenState(t *testing.T) {
	t.Parallel()
	view := statefun.NewState("view", statefun.Custom("ns/view",
		func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil },
		func(data []byte) ([]byte, error) { return data, nil }))
	h := define(t, nil, view, onText(func(inv *statefun.Invocation, s string) error {
		view.Set(inv, []byte(s))
		got, err := view.Get(inv)
		_, raw, _ := view.Raw(inv)
		if string(got) != s || cap(got) != len(got) || cap(raw) != len(raw) {
			t.Errorf("%q with room for %d, raw %q with room for %d", got, cap(got), raw, cap(raw))
		}
		return err
	}))
	for n := range 40 {
		serve(t, h, batchOf([]wire.State{absent("view")}, text(strings.Repeat("x", n))))
	}
}
