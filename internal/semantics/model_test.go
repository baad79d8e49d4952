package semantics_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

// world is what answers change: everything that a runtime keeps. All values are
// text, so that two worlds compare as text.
type world struct {
	Delivered []string
	Timers    []string          // due target token, in the order of sending
	Tokens    map[string]string // id/token: the timer
	Records   []string
	Values    map[string]string // address state: value
	env       env
}

func (w *world) clone() *world {
	c := *w
	c.Delivered, c.Timers, c.Records = slices.Clone(w.Delivered), slices.Clone(w.Timers), slices.Clone(w.Records)
	c.Tokens, c.Values = maps.Clone(w.Tokens), maps.Clone(w.Values)
	return &c
}

func timerText(due int64, m *wire.Message, token string, from wire.Address) string {
	return fmt.Sprint(due, " ", m.Target, " ", token, " ", from)
}

// naive applies one answer effect by effect, as the protocol tells it, and
// fails in the middle. The caller keeps a copy to go back to.
func (w *world) naive(from wire.Address, a *wire.Answer, states map[string]string, now int64) error {
	for _, m := range a.Messages {
		if !w.env.HasFunction(m.Target.Namespace, m.Target.Name) {
			return errors.New("unknown function")
		}
		w.Delivered = append(w.Delivered, m.Target.String())
	}
	for _, d := range a.Delayed {
		key := from.ID + "/" + d.Token
		switch {
		case d.Cancel && d.Token == "", !d.Cancel && d.DelayMillis < 0:
			return errors.New("bad delayed")
		case d.Cancel:
			if timer, ok := w.Tokens[key]; ok {
				i := slices.Index(w.Timers, timer)
				w.Timers = slices.Delete(w.Timers, i, i+1)
				delete(w.Tokens, key)
			}
			continue
		}
		timer := timerText(now+d.DelayMillis, &d.Message, d.Token, from)
		if d.Token != "" {
			if _, ok := w.Tokens[key]; ok {
				return errors.New("pending")
			}
			w.Tokens[key] = timer
		}
		w.Timers = append(w.Timers, timer)
	}
	for _, e := range a.Egresses {
		if e.Namespace != "out" || e.Name != "any" {
			return errors.New("unknown egress")
		}
		w.Records = append(w.Records, e.Name)
	}
	for _, m := range a.Mutations {
		typename, ok := states[m.Name]
		if !ok || m.Type != wire.Modify && m.Type != wire.Delete {
			return errors.New("bad mutation")
		}
		key := from.String() + " " + m.Name
		if m.Type == wire.Delete {
			delete(w.Values, key)
			continue
		}
		val, err := wire.ParseValue(wire.V3, m.Value)
		if err != nil || val.TypeName != typename {
			return errors.New("type")
		}
		w.Values[key] = string(val.Data)
	}
	return nil
}

// planned applies one answer by a plan.
func (w *world) planned(p *semantics.Plan, from wire.Address, a *wire.Answer, states *semantics.States, now int64) error {
	e := w.env
	for key := range w.Tokens {
		e.pending = append(e.pending, key)
	}
	if err := p.Build(from, a, states, e, now); err != nil {
		return err
	}
	for _, m := range p.Messages {
		w.Delivered = append(w.Delivered, m.Target.String())
	}
	for _, token := range p.Cancels {
		i := slices.Index(w.Timers, w.Tokens[from.ID+"/"+token])
		w.Timers = slices.Delete(w.Timers, i, i+1)
		delete(w.Tokens, from.ID+"/"+token)
	}
	for i := range p.Timers {
		timer := timerText(p.Timers[i].Due, &p.Timers[i].Message, p.Timers[i].Token, from)
		w.Timers = append(w.Timers, timer)
		if token := p.Timers[i].Token; token != "" {
			w.Tokens[from.ID+"/"+token] = timer
		}
	}
	for _, r := range p.Egresses {
		w.Records = append(w.Records, r.Name)
	}
	for _, write := range p.Writes {
		key := from.String() + " " + states.Spec(write.State).Name
		if !write.Cell.Present {
			delete(w.Values, key)
			continue
		}
		val, err := wire.ParseValue(wire.V3, write.Cell.Value)
		if err != nil {
			return err
		}
		w.Values[key] = string(val.Data)
	}
	return nil
}

// randomAnswer draws from few names, so that they meet; rarely from bad ones.
func randomAnswer(rng *rand.Rand) *wire.Answer {
	pick := func(good string, bad ...string) string {
		if len(bad) > 0 && rng.IntN(60) == 0 {
			return bad[rng.IntN(len(bad))]
		}
		words := strings.Fields(good)
		return words[rng.IntN(len(words))]
	}
	message := func() wire.Message {
		return wire.Message{
			Target:   wire.Address{Namespace: pick("open", "closed", ""), Name: pick("a b"), ID: pick("1 2", "")},
			Argument: typed("t/x", pick("u v")),
		}
	}
	a := &wire.Answer{HasResult: true}
	for range rng.IntN(3) {
		a.Messages = append(a.Messages, message())
	}
	for range rng.IntN(6) {
		d := wire.Delayed{Message: message(), DelayMillis: int64(rng.IntN(3)), Token: pick("t1 t2 t3", "")}
		d.Cancel = rng.IntN(2) == 0
		if rng.IntN(40) == 0 {
			d.DelayMillis = -1
		}
		a.Delayed = append(a.Delayed, d)
	}
	for range rng.IntN(2) {
		a.Egresses = append(a.Egresses, wire.Egress{Namespace: "out", Name: pick("any", "none"), Argument: typed("t/x", "r")})
	}
	for range rng.IntN(4) {
		m := wire.Mutation{Name: pick("s u", "ghost"), Type: wire.MutationType(rng.IntN(2))}
		if m.Value = typed(pick("a/b", "a/c"), pick("1 2 3")); rng.IntN(60) == 0 {
			m.Type = 7
		}
		a.Mutations = append(a.Mutations, m)
	}
	return a
}

func TestPlanAgainstTheNaiveModel(t *testing.T) {
	t.Parallel()
	states := registered(t, spec("s", "a/b"), spec("u", "a/b"))
	types := map[string]string{"s": "a/b", "u": "a/b"}
	var p semantics.Plan
	applied, failed := 0, 0
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(seed, 0))
		model := &world{Tokens: map[string]string{}, Values: map[string]string{}}
		planned := model.clone()
		for step := range 40 {
			from := wire.Address{Namespace: "open", Name: []string{"a", "b"}[rng.IntN(2)], ID: []string{"1", "2"}[rng.IntN(2)]}
			a, now := randomAnswer(rng), int64(step*10)
			before := model.clone()
			wantErr := model.naive(from, a, types, now)
			if wantErr != nil {
				model = before
			}
			gotErr := planned.planned(&p, from, a, states, now)
			if (wantErr == nil) != (gotErr == nil) {
				t.Fatalf("seed %d, step %d: plan says %v, model %v, about %+v", seed, step, gotErr, wantErr, a)
			}
			if fmt.Sprint(model) != fmt.Sprint(planned) {
				t.Fatalf("seed %d, step %d: plan\n%+v\nmodel\n%+v\nafter %+v", seed, step, planned, model, a)
			}
			if applied++; wantErr != nil {
				failed++
			}
		}
	}
	if failed < applied/20 || failed > applied*19/20 {
		t.Errorf("%d of %d answers failed: the test says little", failed, applied)
	}
}
