package statefuntest

import (
	"bytes"
	"fmt"
	"strings"
)

// maxFrames is how many frames of a panic's stack a trace shows.
const maxFrames = 10

// What begins the names of frames that tell a user nothing, and the one that
// calls users' functions.
const (
	sdk         = "github.com/statefun-go/statefun-go/statefun."
	internals   = "github.com/statefun-go/statefun-go/internal/"
	here        = "github.com/statefun-go/statefun-go/statefun/statefuntest."
	runFunction = sdk + "runFunction"
)

// userFrames returns what a stack, as [debug.Stack] writes it, shows of the
// user: from the panic down to the function, or the middleware, that the SDK
// called. The stack begins with how the panic was caught.
func userFrames(stack []byte) (frames []string) {
	_, below, _ := bytes.Cut(stack, []byte("\npanic("))
	function := "panic"
	for line := range strings.Lines(string(below)) {
		at, indented := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\t")
		if !indented {
			function = at[:max(0, strings.LastIndexByte(at, '('))] // without arguments
			if function == runFunction || strings.HasPrefix(function, here) {
				break
			}
			continue
		}
		if isUsers(function) {
			at, _, _ = strings.Cut(at, " +0x")
			frames = append(frames, at+" in "+function)
		}
	}
	if n := len(frames); n > maxFrames {
		frames = append(frames[:maxFrames], fmt.Sprintf("… and %d more", n-maxFrames))
	}
	return frames
}

func isUsers(function string) bool {
	for _, p := range []string{sdk, internals, "runtime.", "runtime/", "internal/"} {
		if strings.HasPrefix(function, p) {
			return false
		}
	}
	return function != "" && function != "panic"
}
