package statefuntest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// checkEgress finds an egress that a test looks at in vain.
func (f *functions) checkEgress(id string) error {
	if f.plain == nil && f.egresses == nil {
		return nil
	}
	known := map[string]bool{}
	for name := range f.egresses {
		known[name.String()] = true
	}
	for _, function := range f.list {
		for _, e := range f.egressesOf(function) {
			known[e] = true
		}
	}
	switch {
	case known[id]:
		return nil
	case len(known) == 0:
		return errors.New("no function declares an egress")
	}
	return fmt.Errorf("no function can send there, only to %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// egressesOf returns the ids of the egresses that a function may send to. What
// is declared is read by reflection: a Function tells it to nobody, and this
// alone is no reason to let it.
func (f *functions) egressesOf(function statefun.Function) (ids []string) {
	d := reflect.ValueOf(function).FieldByName("d").Elem()
	for _, e := range d.FieldByName("egresses").Seq2() {
		t := typeIn(e.Elem().FieldByName("id"))
		ids = append(ids, t.namespace+"/"+t.name)
	}
	return append(ids, f.deadLettersOf(typeIn(d.FieldByName("name")))...)
}

// typeIn reads a statefun.TypeName in an unexported field.
func typeIn(name reflect.Value) functionType {
	return functionType{name.FieldByName("namespace").String(), name.FieldByName("name").String()}
}

// deadLettersOf returns the egress that the dead letters of a function go to.
// To see it, a message fails for good before it reaches the function.
func (f *functions) deadLettersOf(t functionType) (ids []string) {
	specs, err := f.ask(t)
	if err != nil {
		return nil
	}
	fail := func(statefun.MessageFunc) statefun.MessageFunc {
		return func(context.Context, *statefun.Invocation) error { return statefun.Terminal(errors.New("a probe")) }
	}
	h, err := statefun.New(f.list, &statefun.Options{DeadLetter: f.deadLetter, Message: []statefun.MessageMiddleware{fail}})
	if err != nil {
		return nil
	}
	request := wire.Request{
		HasBatch: true, HasTarget: true, Target: wire.Address{Namespace: t.namespace, Name: t.name, ID: "statefuntest"},
		Invocations: []wire.Invocation{{HasArgument: true}},
	}
	for i := range specs {
		request.States = append(request.States, wire.State{Name: specs[i].Name})
	}
	out, err := h.Append(context.Background(), nil, wire.AppendRequest(nil, &request))
	var answer wire.Answer
	if err != nil || answer.Decode(wire.V3, out) != nil {
		return nil // no policy
	}
	for i := range answer.Egresses {
		ids = append(ids, answer.Egresses[i].Namespace+"/"+answer.Egresses[i].Name)
	}
	return ids
}
