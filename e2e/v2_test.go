package e2e_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

// TestProtocol2 is scenario 8: the same registry on StateFun 2.2.2, with its
// states in the module file.
func TestProtocol2(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		protocol statefun.Protocol
		on       platform
	}{
		{"V2", statefun.V2, flink2()},
		{"Auto", statefun.Auto, flink2()},
		{"Auto", statefun.Auto, flink3("async")},
		{"Auto", statefun.Auto, embedded()},
	} {
		t.Run(c.name+"/"+c.on.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, c.on, greetings, serve(t, greeter.Functions(), &statefun.Options{Protocol: c.protocol}))
			records, want := visits(20, 25)
			w.send(records)
			w.equal(want)
		})
	}
}
