package statefuntest

import (
	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// Failure says why a test failed: a function failed, its answer would fail a
// Flink job, or the messages had no end. Get it from [Runtime.Try] with
// [errors.AsType].
type Failure struct {
	// Target is the function instance whose batch failed; zero where the
	// failure concerns none.
	Target statefun.Address
	// Err is the cause. [statefun.CodeOf] tells the handler's errors apart; for
	// what would fail a Flink job it is [statefun.CodeUnknown].
	Err error
	// Trace lists the last steps in words.
	Trace string
}

// Error returns the cause and where it happened, without the trace.
func (f *Failure) Error() string {
	if f.Target == (statefun.Address{}) {
		return f.Err.Error()
	}
	if _, ok := f.Err.(*semantics.Failure); ok { //nolint:errorlint // a wrapped one does not name its function
		return "a Flink job would fail: " + f.Err.Error()
	}
	return "function " + f.Target.Type.String() + ", id " + quoted(f.Target.ID) + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// failure makes a Failure. A handler that does not know its target is a message
// to nobody.
func (r *Runtime) failure(at *wire.Address, err error) *Failure {
	f := &Failure{Err: err, Trace: r.machine.trace.String()}
	if at == nil {
		return f
	}
	if statefun.CodeOf(err) == statefun.CodeUnknownFunction {
		err = semantics.UnknownFunction(r.machine.byAddr[*at].mailbox[0].Caller, *at)
		f.Err = err
	}
	f.Target = addressOf(*at)
	return f
}

// addressOf returns a as users see it. The zero Address stands for what they
// cannot write.
func addressOf(a wire.Address) statefun.Address {
	name, err := statefun.ParseTypeName(a.Namespace + "/" + a.Name)
	if err != nil {
		return statefun.Address{}
	}
	return name.Address(a.ID)
}

func wireAddress(a statefun.Address) wire.Address {
	return wire.Address{Namespace: a.Type.Namespace(), Name: a.Type.Name(), ID: a.ID}
}
