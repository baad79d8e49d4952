package demo

import (
	"context"
	"fmt"
	"time"
)

// show plays a script and, but for once, stays up.
func (s *session) show(ctx context.Context, play script, once bool) error {
	if err := s.leftovers(ctx, play, " (from before)"); err != nil {
		return err
	}
	if err := play.play(ctx, s); err != nil {
		return err
	}
	if once {
		s.printf("\nall answers are right; the state is in %s\n", s.data)
		return nil
	}
	s.printf(`
Send another one, in a second terminal; the answer appears here:

  %s

No output is good: 200 means stored. What comes of it, and what goes wrong (!), is shown here.
State and messages are in %s; run this again and they are still there. Logs: %s, %s.
Ctrl-C stops.

`, s.curl(play.invitation()), s.data, s.function.log, s.engine.log)
	return s.follow(ctx, play)
}

// leftovers takes what has come out that nobody has waited for.
func (s *session) leftovers(ctx context.Context, play script, note string) error {
	for _, topic := range s.topics {
		for {
			r, found, err := s.take(ctx, topic, 200*time.Millisecond)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			if err := play.came(s, r, note); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow prints what comes out until ctx ends.
func (s *session) follow(ctx context.Context, play script) error {
	told := false
	for i := 0; ctx.Err() == nil; i++ {
		r, found, err := s.take(ctx, s.topics[i%len(s.topics)], poll/time.Duration(len(s.topics)))
		s.warnings.show(s.out, s.engine.log)
		switch {
		case ctx.Err() != nil: // the loop ends
		case err != nil:
			return s.why(err)
		case found:
			if err := play.came(s, r, ""); err != nil {
				return err
			}
		case s.function.hasEnded() && !told:
			told = true
			s.printf("%v\nMessages wait for it. Start it again: go run %s\n", s.function.died(), s.program)
		}
	}
	fmt.Fprintln(s.out, "\nstopping")
	return nil
}
