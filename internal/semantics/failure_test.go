package semantics_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/statefun-go/statefun-go/internal/semantics"
	"github.com/statefun-go/statefun-go/internal/wire"
)

func TestFailureText(t *testing.T) {
	t.Parallel()
	till := wire.Address{Namespace: "shop", Name: "till", ID: "1"}
	tests := []struct {
		err  error
		kind semantics.Kind
		want string
	}{
		{
			semantics.UnknownFunction(target(), till), semantics.KindUnknownFunction,
			`function shop/cart, id "ann": message to shop/till id "1": no endpoint serves this function type`,
		},
		{semantics.UnknownFunction(wire.Address{}, till), semantics.KindUnknownFunction, `function shop/till, id "1": message from outside: no endpoint`},
		{semantics.UnknownFunction(target(), wire.Address{}), semantics.KindUnknownFunction, "the target address is missing"},
		{semantics.Malformed(target(), io.ErrUnexpectedEOF), semantics.KindMalformed, "the answer does not parse: unexpected EOF; answer with"},
	}
	for _, test := range tests {
		if got := test.err.Error(); !strings.Contains(got, test.want) {
			t.Errorf("%q does not contain %q", got, test.want)
		}
		if got := kindOf(t, test.err); got != test.kind {
			t.Errorf("kind %v, want %v", got, test.kind)
		}
	}
	if !errors.Is(semantics.Malformed(target(), io.ErrUnexpectedEOF), io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestKindString(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := semantics.KindMalformed; k <= semantics.KindLoop; k++ {
		if s := k.String(); s == "" || seen[s] || strings.HasPrefix(s, "kind ") {
			t.Errorf("kind %d is %q", int(k), s)
		} else {
			seen[s] = true
		}
	}
	if got := semantics.Kind(99).String(); got != "kind 99" {
		t.Errorf("got %q", got)
	}
}
