package lambdalocal_test

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// stateOf returns the state of a process as the system has it: T is stopped, Z
// has ended, and empty is gone.
func stateOf(t *testing.T, pid string) string {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		return "" // it ended between open and read
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[:1]
}

func isGone(t *testing.T, pid string) bool {
	t.Helper()
	s := stateOf(t, pid)
	return s == "" || s == "Z"
}

// TestFreeze checks that a bootstrap is stopped between invocations, and wakes.
func TestFreeze(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 1, Freeze: true})
	pid := text(t, invoke(t, l, "pid"))
	for range 5 {
		eventually(t, "it is stopped", func() bool { return stateOf(t, pid) == "T" })
		if again := text(t, invoke(t, l, "pid")); again != pid {
			t.Errorf("pid %s, then %s", pid, again)
		}
	}
	eventually(t, "it is stopped", func() bool { return stateOf(t, pid) == "T" })
	l.Close()
	if !isGone(t, pid) {
		t.Error("a frozen bootstrap outlives Close")
	}
}

// TestNothingStays checks that a bootstrap and what it has started end with
// Close, after a timeout, and when the bootstrap exits.
func TestNothingStays(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"close", "hang", "exit 1"} {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			l := start(t, "commands", lambdalocal.Options{Environments: 1, Timeout: timeoutFor(c)})
			pid, child := text(t, invoke(t, l, "pid")), text(t, invoke(t, l, "child"))
			if isGone(t, pid) || isGone(t, child) {
				t.Fatal("they do not run")
			}
			if c == "close" {
				l.Close()
			} else {
				invoke(t, l, c)
			}
			eventually(t, "the bootstrap is gone", func() bool { return isGone(t, pid) })
			eventually(t, "its child is gone", func() bool { return isGone(t, child) })
		})
	}
}

// TestKilledWhileIdle checks that an environment that ends between invocations
// is replaced, and that nobody notices.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	l := start(t, "commands", lambdalocal.Options{Environments: 1, Freeze: true})
	for range 3 {
		pid, err := strconv.Atoi(text(t, invoke(t, l, "pid")))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is gone", func() bool { return stateOf(t, strconv.Itoa(pid)) == "" })
		eventually(t, "another one answers", func() bool { return invoke(t, l, "x").FunctionError == "" })
	}
}

// TestSIGTERM checks that a bootstrap with an extension is asked before it is
// killed, also out of a freeze and after a timeout.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"close", "hang"} {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			var log buffer
			o := lambdalocal.Options{Environments: 1, Freeze: true, Log: &log, Timeout: timeoutFor(c)}
			o.SetShutdownGrace(5 * time.Second) // it does not end by itself
			l := start(t, "sigterm", o)
			invoke(t, l, "pid")
			if c != "close" {
				invoke(t, l, c)
			}
			l.Close()
			if !strings.Contains(log.String(), "[1] asked to end\n") {
				t.Errorf("log:\n%s", log.String())
			}
		})
	}
}
