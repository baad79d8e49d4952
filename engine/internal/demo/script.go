package demo

import "context"

// script is what a demo says, and what it knows of the answers.
type script interface {
	// needs says what must be there.
	needs() needs
	// play sends messages and checks what comes out.
	play(ctx context.Context, s *session) error
	// came shows a record that a person has caused, or an earlier run.
	came(s *session, r record, note string) error
	// invitation is a message that a person may send as well.
	invitation() message
}

// needs is what a script needs of the example.
type needs struct {
	modules   []string // files, relative to the example
	flags     []string // for the example's program
	functions []string // namespace/name, at least one
	topics    []string // all of one egress, at least one
}
