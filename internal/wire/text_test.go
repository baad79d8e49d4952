package wire_test

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// TestValidText compares with package utf8 at every length around a word of
// eight bytes, with and without one byte or rune that is not ASCII.
func TestValidText(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	for length := range 40 {
		for at := range length + 1 {
			for _, odd := range []string{"", "\x00", "\x7f", "\x80", "\xff", "\xc3", "é", "\u20ac", "\U0001F600", "\xed\xa0\x80"} {
				b := make([]byte, length)
				for i := range b {
					b[i] = byte(r.IntN(0x80))
				}
				s := string(b[:at]) + odd + string(b[at:])
				if got, want := wire.ValidText(s), utf8.ValidString(s); got != want {
					t.Errorf("ValidText(%q) = %t", s, got)
				}
			}
		}
	}
}
