package statefun_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/statefun-go/statefun-go/statefun"
)

func noop(context.Context, *statefun.Invocation, string) error { return nil }

func TestParseTypeName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, namespace, name string }{
		{"a/b", "a", "b"}, {"a/b/c", "a/b", "c"}, {"a.b/c-d", "a.b", "c-d"},
	} {
		n, err := statefun.ParseTypeName(tt.in)
		if err != nil || n.Namespace() != tt.namespace || n.Name() != tt.name || n.String() != tt.in {
			t.Errorf("%q: %v, %v", tt.in, n, err)
		}
		var back statefun.TypeName
		if text, err := n.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != n {
			t.Errorf("%q does not survive as text: %v", tt.in, err)
		}
	}
	for _, in := range []string{"", "a", "/b", "a/", "a//b", "/", "a\xff/b"} {
		if n, err := statefun.ParseTypeName(in); err == nil {
			t.Errorf("%q was taken as %v", in, n)
		}
	}
	if _, err := (statefun.TypeName{}).MarshalText(); err == nil {
		t.Error("the zero TypeName marshals")
	}
}

// Every mistake has its own words, and New reports all of them at once.
func TestRegistrationMistakes(t *testing.T) {
	t.Parallel()
	count := statefun.NewState("count", statefun.Int64)
	out := statefun.KafkaTopic("ns/out", "topic", statefun.Text)
	on := statefun.On(statefun.String, noop)
	tests := map[string]struct {
		parts []statefun.Part
		want  string
	}{
		"no case":               {[]statefun.Part{count}, "takes no message"},
		"nil part":              {[]statefun.Part{on, nil}, "part 1 is nil"},
		"nil function":          {[]statefun.Part{statefun.On[string](statefun.String, nil)}, "the function is nil"},
		"nil any":               {[]statefun.Part{statefun.OnAny(nil)}, "OnAny: the function is nil"},
		"two any":               {[]statefun.Part{statefun.OnAny(anything), statefun.OnAny(anything)}, "OnAny is given twice"},
		"case twice":            {[]statefun.Part{on, on}, `two cases take messages of type "io.statefun.types/string"`},
		"zero type":             {[]statefun.Part{statefun.On(statefun.Type[string]{}, noop)}, "the zero Type"},
		"zero state":            {[]statefun.Part{on, new(statefun.State[string])}, "the zero State"},
		"zero Kafka":            {[]statefun.Part{on, new(statefun.Kafka[string])}, "the zero egress handle"},
		"zero Kinesis":          {[]statefun.Part{on, new(statefun.Kinesis[string])}, "the zero egress handle"},
		"zero egress":           {[]statefun.Part{on, new(statefun.Egress[string])}, "the zero egress handle"},
		"type without name":     {[]statefun.Part{statefun.On(statefun.JSON[string](""), noop)}, "a type needs a name"},
		"type not UTF-8":        {[]statefun.Part{statefun.On(statefun.JSON[string]("a/\xff"), noop)}, "is not UTF-8"},
		"codec nil":             {[]statefun.Part{statefun.On(statefun.Custom[string]("a/b", nil, nil), noop)}, "appendTo and decode must not be nil"},
		"nil state":             {[]statefun.Part{on, (*statefun.State[int64])(nil)}, "nil *State"},
		"state twice":           {[]statefun.Part{on, count, count}, `state "count" is declared twice`},
		"state name twice":      {[]statefun.Part{on, count, statefun.NewState("count", statefun.Int32)}, `two states have the name "count"`},
		"state name batch":      {[]statefun.Part{on, statefun.NewState("batch", statefun.Int64)}, "the runtime keeps its own data under this name"},
		"state request-state":   {[]statefun.Part{on, statefun.NewState("request-state", statefun.Int64)}, "the runtime keeps its own data under this name"},
		"state name odd":        {[]statefun.Part{on, statefun.NewState("a-b", statefun.Int64)}, "a letter or underscore"},
		"state name empty":      {[]statefun.Part{on, statefun.NewState("", statefun.Int64)}, "a letter or underscore"},
		"state type":            {[]statefun.Part{on, statefun.NewState("s", statefun.Bytes("blob"))}, "exactly one slash"},
		"state type two":        {[]statefun.Part{on, statefun.NewState("s", statefun.Bytes("a/b/c"))}, "exactly one slash"},
		"state zero type":       {[]statefun.Part{on, statefun.NewState("s", statefun.Type[int]{})}, "the zero Type"},
		"expiry zero":           {[]statefun.Part{on, statefun.NewState("s", statefun.Int64, statefun.ExpireAfterWrite(0))}, "at least 1ms"},
		"expiry negative":       {[]statefun.Part{on, statefun.NewState("s", statefun.Int64, statefun.ExpireAfterCall(-time.Second))}, "at least 1ms"},
		"expiry micro":          {[]statefun.Part{on, statefun.NewState("s", statefun.Int64, statefun.ExpireAfterWrite(time.Microsecond))}, "at least 1ms"},
		"expiry twice":          {[]statefun.Part{on, statefun.NewState("s", statefun.Int64, statefun.ExpireAfterWrite(time.Second), statefun.ExpireAfterCall(time.Second))}, "at most one option"},
		"expiry zero option":    {[]statefun.Part{on, statefun.NewState("s", statefun.Int64, statefun.StateOption{})}, "the zero StateOption"},
		"nil kafka":             {[]statefun.Part{on, (*statefun.Kafka[string])(nil)}, "nil *Kafka"},
		"nil kinesis":           {[]statefun.Part{on, (*statefun.Kinesis[string])(nil)}, "nil *Kinesis"},
		"nil egress":            {[]statefun.Part{on, (*statefun.Egress[string])(nil)}, "nil *Egress"},
		"egress id":             {[]statefun.Part{on, statefun.KafkaTopic("out", "t", statefun.Text)}, "an egress id has the form namespace/name"},
		"egress topic":          {[]statefun.Part{on, statefun.KafkaTopic("ns/out", "\xff", statefun.Text)}, "topic \"\\xff\" is not UTF-8"},
		"egress encoder":        {[]statefun.Part{on, statefun.KinesisStream[string]("ns/out", "s", nil)}, "the encoder is nil"},
		"egress type":           {[]statefun.Part{on, statefun.NewEgress("ns/out", statefun.Type[string]{})}, "the zero Type"},
		"zero policy":           {[]statefun.Part{on, statefun.DeadLetterPolicy{}}, "the zero DeadLetterPolicy"},
		"two policies":          {[]statefun.Part{on, statefun.DeadLetterDrop(), statefun.DeadLetterDrop()}, "two dead-letter policies"},
		"policy without topic":  {[]statefun.Part{on, statefun.DeadLetterKafka(statefun.KafkaTopic("ns/out", "", statefun.EncodeJSON[statefun.DeadLetter]))}, "has no topic"},
		"policy nil handle":     {[]statefun.Part{on, statefun.DeadLetterKafka(nil)}, "the handle is nil"},
		"policy zero function":  {[]statefun.Part{on, statefun.DeadLetterFunction(statefun.TypeName{})}, "has no type name"},
		"fine":                  {[]statefun.Part{on, count, out, statefun.KafkaTopic("ns/out", "", statefun.Text)}, ""},
		"fine, message as name": {[]statefun.Part{statefun.On(statefun.JSON[string]("free text"), noop)}, ""},
		"fine, protobuf state":  {[]statefun.Part{on, statefun.NewState("at", statefun.Proto[*timestamppb.Timestamp]())}, ""},
	}
	all, wants := []statefun.Function{}, []string{}
	for name, tt := range tests {
		f := statefun.Define(fn, tt.parts...)
		if tt.want != "" {
			all, wants = append(all, statefun.Define(statefun.MustTypeName("ns/"+strings.ReplaceAll(name, " ", "_")), tt.parts...)), append(wants, tt.want)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := statefun.New([]statefun.Function{f}, nil)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "ns/fn")):
				t.Errorf("got %v, want an error that names ns/fn and says %q", err, tt.want)
			}
		})
	}
	_, err := statefun.New(all, nil)
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the joined error lacks %q", want)
		}
	}
}

func anything(context.Context, *statefun.Invocation, statefun.Message) error { return nil }

func TestNewMistakes(t *testing.T) {
	t.Parallel()
	good := statefun.Define(fn, statefun.On(statefun.String, noop))
	for name, tt := range map[string]struct {
		fns  []statefun.Function
		opts *statefun.Options
		want string
	}{
		"none":          {nil, nil, "no functions"},
		"zero":          {[]statefun.Function{{}}, nil, "the zero Function"},
		"twice":         {[]statefun.Function{good, good}, nil, "ns/fn is defined twice"},
		"no name":       {[]statefun.Function{statefun.Define(statefun.TypeName{}, statefun.On(statefun.String, noop))}, nil, "no type name"},
		"protocol":      {[]statefun.Function{good}, &statefun.Options{Protocol: 7}, "Options.Protocol is 7"},
		"batch nil":     {[]statefun.Function{good}, &statefun.Options{Batch: []statefun.BatchMiddleware{nil}}, "Options.Batch[0] is nil"},
		"message nil":   {[]statefun.Function{good}, &statefun.Options{Message: []statefun.MessageMiddleware{nil}}, "Options.Message[0] is nil"},
		"batch empty":   {[]statefun.Function{good}, &statefun.Options{Batch: []statefun.BatchMiddleware{func(statefun.BatchFunc) statefun.BatchFunc { return nil }}}, "Options.Batch[0] returned a nil BatchFunc"},
		"message empty": {[]statefun.Function{good}, &statefun.Options{Message: []statefun.MessageMiddleware{func(statefun.MessageFunc) statefun.MessageFunc { return nil }}}, "Options.Message[0] returned a nil MessageFunc"},
		"policy broken": {[]statefun.Function{good}, &statefun.Options{DeadLetter: statefun.DeadLetterKafka(nil)}, "Options.DeadLetter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := statefun.New(tt.fns, tt.opts); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			defer func() {
				if recover() == nil {
					t.Error("MustNew did not panic")
				}
			}()
			statefun.MustNew(tt.fns, tt.opts)
		})
	}
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"a": true, "Z": true, "_": true, "a1_B": true, "batches": true, "__1": true,
		"": false, "1a": false, "a-b": false, "a b": false, "ä": false, "a/b": false, "a{": false, "@": false, "[": false, "`": false, "a\x00": false,
	} {
		_, err := statefun.New([]statefun.Function{statefun.Define(fn, statefun.On(statefun.String, noop), statefun.NewState(name, statefun.Int64))}, nil)
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Handler must not look like aws-lambda-go's lambda.Handler: lambda.Start would
// take it, and every event would fail. An adapter stands between.
func TestHandlerIsNoLambdaHandler(t *testing.T) {
	t.Parallel()
	var h any = newWorker(t, nil)
	if _, ok := h.(interface {
		Invoke(ctx context.Context, payload []byte) ([]byte, error)
	}); ok {
		t.Error("Handler has the method of a lambda.Handler")
	}
}

func TestWhatAFunctionDeclares(t *testing.T) {
	t.Parallel()
	a, b := statefun.KafkaTopic("ns/b", "t", statefun.Text), statefun.NewEgress("ns/a", statefun.String)
	letters := statefun.KafkaTopic("ns/letters", "t", statefun.EncodeJSON[statefun.DeadLetter])
	f := statefun.Define(fn, a, statefun.On(statefun.String, noop), b, statefun.KafkaTopic("ns/b", "u", statefun.Text), statefun.DeadLetterKafka(letters))
	if got := fmt.Sprint(f.Name(), f.Egresses()); got != "ns/fn [ns/b ns/a ns/letters]" {
		t.Error(got)
	}
	if id, ok := statefun.DeadLetterDrop().Egress(); ok {
		t.Error(id)
	}
	if got := fmt.Sprint(statefun.Function{}.Name(), statefun.Function{}.Egresses()); got != " []" {
		t.Errorf("%q", got)
	}
}
