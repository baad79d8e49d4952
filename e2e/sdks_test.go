package e2e_test

import (
	"slices"
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
// SDKs run on our engine, and give the same records as ours.
func TestOfficialSDKs(t *testing.T) {
	t.Parallel()
	for _, s := range officialSDKs() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if err := s.needs(); err != nil {
				t.Skip(err) // on machines without the language
			}
			url := s.serve(t)
			for _, sc := range []scenario{greets, shopping, dialogues} {
				t.Run(embedded().name+"/"+sc.name, func(t *testing.T) {
					t.Parallel()
					sc.drive(open(t, embedded(), sc.application, url))
				})
			}
		})
	}
}
