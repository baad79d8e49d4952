package e2e_test

import (
	"context"
	"fmt"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// The program: workers and clerks that do what a command says. Both have the
// same ids, so that they share what a runtime keeps by id: delayed messages and
// their tokens.
var (
	worker      = statefun.MustTypeName("program/worker")
	clerk       = statefun.MustTypeName("program/clerk")
	commandType = statefun.JSON[command]("program/Command")
	tallyState  = statefun.NewState("tally", statefun.JSON[tally]("program/Tally"))
	reports     = statefun.KafkaTopic("program/out", "reports", statefun.Text)
)

// command is a message: what an instance has to do.
type command struct {
	Add   int64  `json:"add,omitempty"`
	Steps []step `json:"steps,omitempty"`
}

// step sends a command on, or takes one back.
type step struct {
	To     string  `json:"to,omitempty"`     // id, of a worker
	Clerk  bool    `json:"clerk,omitempty"`  // of a clerk instead
	After  int64   `json:"after,omitempty"`  // milliseconds; 0 sends it at once
	Token  string  `json:"token,omitempty"`  // of what is sent after some time
	Cancel bool    `json:"cancel,omitempty"` // what has the token, which is not sent then
	Then   command `json:"then,omitzero"`
}

// tally is the state of an instance.
type tally struct {
	Commands int64 `json:"commands"`
	Sum      int64 `json:"sum"`
}

func programFunctions() []statefun.Function {
	parts := []statefun.Part{statefun.On(commandType, obey), tallyState, reports}
	return []statefun.Function{statefun.Define(worker, parts...), statefun.Define(clerk, parts...)}
}

func obey(_ context.Context, inv *statefun.Invocation, c command) error {
	t, err := tallyState.Get(inv)
	if err != nil {
		return err
	}
	t.Commands++
	t.Sum += c.Add
	tallyState.Set(inv, t)
	reports.Send(inv, inv.Self().String(), fmt.Sprintf("%d %d", t.Commands, t.Sum))
	for _, s := range c.Steps {
		to := worker.Address(s.To)
		if s.Clerk {
			to = clerk.Address(s.To)
		}
		switch {
		case s.Cancel:
			inv.Cancel(statefun.Token(s.Token))
		case s.Token != "":
			commandType.SendAfter(inv, time.Duration(s.After)*time.Millisecond, to, s.Then, statefun.Token(s.Token))
		case s.After > 0:
			commandType.SendAfter(inv, time.Duration(s.After)*time.Millisecond, to, s.Then)
		default:
			commandType.Send(inv, to, s.Then)
		}
	}
	return nil
}
