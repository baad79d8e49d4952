package e2e_test

import (
	"slices"
	"strconv"
	"testing"
)

// sdk is an official SDK, with functions of our own written with it: those of
// scenarios 1 to 3.
type sdk struct {
	name  string
	needs func() error                    // nil, or what is missing on this machine
	serve func(t *testing.T) (url string) // starts the functions, at one URL for all; they end with the test
}

// officialSDKs are those of Apache Flink Stateful Functions 3.3.0.
func officialSDKs() []sdk { return slices.Concat(compiledSDKs(), scriptSDKs()) }

// TestOfficialSDKs is the other way round: functions written with the official
// SDKs run on our engine, and give the same records as ours. That Flink gets
// them too shows that they are written as they should be.
func TestOfficialSDKs(t *testing.T) {
	t.Parallel()
	for _, s := range officialSDKs() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			require(t, s.needs())
			url := s.serve(t)
			for _, p := range []platform{embedded(), flink3("async")} {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					all := []scenario{greets, shopping, dialogues}
					driveAll(t, openAll(t, p, applications(all, nil), url), all)
				})
			}
		})
	}
}

// holdMillis is how long the shop keeps goods for a cart, as a program is told.
func holdMillis() string { return strconv.FormatInt(hold.Milliseconds(), 10) }
