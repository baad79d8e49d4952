package statefuntest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/statefun-go/statefun-go/statefun"
)

// The functions that these tests run: one that does what its messages say, and
// names for what lies outside.
var (
	Worker = statefun.MustTypeName("lab/worker")
	Helper = statefun.MustTypeName("lab/helper")
	Sink   = statefun.MustTypeName("lab/sink")

	Command = statefun.String
	Count   = statefun.NewState("count", statefun.Int64)
	Brief   = statefun.NewState("brief", statefun.String, statefun.ExpireAfterWrite(time.Second))
	Renewed = statefun.NewState("renewed", statefun.String, statefun.ExpireAfterCall(time.Second))
	Other   = statefun.NewState("other", statefun.String)

	Out     = statefun.KafkaTopic("lab/out", "topic", statefun.Text)
	Shards  = statefun.KinesisStream("lab/shards", "stream", statefun.Text)
	Generic = statefun.NewEgress("lab/generic", statefun.Int64)
)

func labFunctions() []statefun.Function {
	return []statefun.Function{
		statefun.Define(Worker, statefun.On(Command, work), Count, Brief, Renewed, Out, Shards, Generic),
		statefun.Define(Helper, statefun.On(Command, work), Count, Brief, Renewed, Out, Shards, Generic),
	}
}

var errAsked = errors.New("asked to fail")

// work carries out one command: a word and its arguments.
func work(_ context.Context, inv *statefun.Invocation, command string) error {
	word, rest, _ := strings.Cut(command, " ")
	first, second, _ := strings.Cut(rest, " ")
	switch word {
	case "add":
		n, err := Count.Get(inv)
		Count.Set(inv, n+1)
		return err
	case "remember":
		Brief.Set(inv, rest)
		Renewed.Set(inv, rest)
	case "forget":
		Brief.Clear(inv)
	case "touch":
	case "send": // send <type> <command>
		Command.Send(inv, statefun.MustTypeName(first).Address(inv.Self().ID), second)
	case "later": // later <duration> <command>: to itself
		d, err := time.ParseDuration(first)
		if err != nil {
			return err
		}
		Command.SendAfter(inv, d, inv.Self(), second, statefun.RawToken(second))
	case "wait": // as later, without a token
		d, err := time.ParseDuration(first)
		Command.SendAfter(inv, d, inv.Self(), second)
		return err
	case "lost": // lost <type>: later, to nobody
		Command.SendAfter(inv, time.Hour, statefun.MustTypeName(first).Address("x"), "hello")
	case "cancel":
		inv.Cancel(statefun.RawToken(rest))
	case "reply":
		Command.Reply(inv, rest)
	case "emit":
		Out.Send(inv, inv.Self().ID, rest)
		Shards.Send(inv, inv.Self().ID, rest, statefun.HashKey("1"))
		Generic.Send(inv, int64(len(rest)))
	case "headed": // version 3 only
		Out.Send(inv, "", rest, statefun.Header("h", []byte("v")))
	case "print":
		Out.Send(inv, "", rest)
	case "fail":
		return errAsked
	case "terminal":
		return statefun.Terminal(errAsked)
	case "panic":
		panic("at the lab")
	default:
		return fmt.Errorf("unknown command %q", command)
	}
	return nil
}
