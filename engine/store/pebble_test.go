package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/statefun-go/statefun-go/engine/store"
)

func open(t *testing.T, fs vfs.FS) store.Store {
	t.Helper()
	s, err := store.Open("data", &store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestStoreKeepsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	s := open(t, fs)
	if err := s.Commit(store.Changes{"x1": []byte("a"), "x2": []byte{}, "x3": []byte("c")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(store.Changes{"x1": nil, "x3": []byte("d"), "x4": []byte("e")}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = open(t, fs)
	defer closeStore(t, s)
	if _, err := s.Get([]byte("x1")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted key: %v", err)
	}
	if v, err := s.Get([]byte("x2")); err != nil || v == nil || len(v) != 0 {
		t.Errorf("empty value: %v, %v", v, err)
	}
	var got []string
	err := s.Scan([]byte("x"), []byte("x4"), func(k, v []byte) bool {
		got = append(got, string(k)+"="+string(v))
		return true
	})
	if want := "[x2= x3=d]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("scan: %v, %v, want %s", got, err, want)
	}
}

func TestStoreRunsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, vfs.NewMem())
		if err := s.Commit(store.Changes{"k": []byte("v")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		closeStore(t, s)
	})
}

func TestStoreRefusesASecondOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir, nil); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second open: %v", err)
	}
	closeStore(t, s)
	s, err = store.Open(dir, nil)
	if err != nil {
		t.Fatalf("open after close: %v", err)
	}
	closeStore(t, s)
}

func TestStoreRefusesOtherFormats(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]store.Changes{
		"newer":        {"f": []byte{store.Format + 1}},
		"older":        {"f": []byte{store.Format - 1}},
		"damaged":      {"f": []byte{}},
		"not a format": {"f": nil, "other": []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := vfs.NewMem()
			s := open(t, fs)
			if err := s.Commit(change); err != nil {
				t.Fatal(err)
			}
			closeStore(t, s)
			if _, err := store.Open("data", &store.Options{FS: fs}); !errors.Is(err, store.ErrFormat) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

// A crash keeps every commit that returned, and the one that was running as a
// whole or not at all.
func TestStoreSurvivesPowerLoss(t *testing.T) {
	t.Parallel()
	const keys = 8
	for seed := range uint64(40) {
		fs := vfs.NewCrashableMem()
		s := open(t, fs)
		rng := rand.New(rand.NewPCG(seed, 1))
		rounds := 1 + rng.IntN(20)
		for round := range rounds {
			changes := store.Changes{}
			for k := range keys {
				changes[fmt.Sprint("x", k)] = bytes.Repeat([]byte{byte(round)}, 1+rng.IntN(4000))
			}
			if err := s.Commit(changes); err != nil {
				t.Fatal(err)
			}
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		after := open(t, crashed)
		for k := range keys {
			v, err := after.Get(fmt.Append(nil, "x", k))
			if err != nil || v[0] != byte(rounds-1) {
				t.Fatalf("seed %d: key %d after %d rounds: %v, %v", seed, k, rounds, v[:min(len(v), 1)], err)
			}
		}
		closeStore(t, after)
		closeStore(t, s)
	}
}

func TestNewDirectoriesSurvivePowerLoss(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"a/b/c", "/a/b/c", "a"} {
		fs := vfs.NewCrashableMem()
		s, err := store.Open(dir, &store.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(store.Changes{"k": []byte("v")}); err != nil {
			t.Fatal(err)
		}
		after, err := store.Open(dir, &store.Options{FS: fs.CrashClone(vfs.CrashCloneCfg{})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := after.Get([]byte("k")); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		closeStore(t, after)
		closeStore(t, s)
	}
}

func TestStoreStopsAtTheFirstFailedSync(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken disk")
	var on atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if on.Load() && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo) {
			return broken
		}
		return nil
	}))
	s := open(t, fs)
	if err := s.Commit(store.Changes{"k": []byte("v")}); err != nil {
		t.Fatal(err)
	}
	on.Store(true)
	if err := s.Commit(store.Changes{"k": []byte("w")}); err == nil {
		t.Fatal("a commit whose sync failed returned no error")
	}
	on.Store(false)
	if err := s.Commit(store.Changes{"k": []byte("x")}); err == nil {
		t.Fatal("a commit after a failed one returned no error")
	}
	_ = s.Close()
}

// full is a file system on which no table can be made while it is set. What has
// its space already, such as the log, can be written.
type full struct {
	atomic.Bool
	delay atomic.Int64 // nanoseconds that it takes to make a table
}

func (disk *full) fs() vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind != errorfs.OpCreate || !strings.HasSuffix(op.Path, ".sst") {
			return nil
		}
		if disk.Load() {
			return syscall.ENOSPC
		}
		<-time.After(time.Duration(disk.delay.Load()))
		return nil
	}))
}

// fill commits until that fails.
func fill(t *testing.T, s store.Store) error {
	t.Helper()
	for i := range 500 {
		if err := s.Commit(store.Changes{fmt.Sprint(i): make([]byte, 1<<17)}); err != nil {
			return err
		}
	}
	return nil
}

// counter counts the lines of a log.
type counter struct{ atomic.Int64 }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.Add(1)
	return len(p), nil
}

// A full disk ends a commit; it does not hold it for ever, and does not flood the
// log.
func TestStoreGivesUpOnAFullDisk(t *testing.T) {
	t.Parallel()
	var disk full
	var lines counter
	fs := disk.fs()
	s, err := store.Open("data", &store.Options{FS: fs, Logger: slog.New(slog.NewTextHandler(&lines, nil))})
	if err != nil {
		t.Fatal(err)
	}
	store.SetPatience(s, 2*time.Second)
	disk.Store(true)
	begin := time.Now()
	if err := fill(t, s); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "took nothing for 2s") {
		t.Errorf("commit: %v", err)
	}
	took := time.Since(begin)
	if err := s.Commit(store.Changes{"k": nil}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("after that: %v", err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "still waits for the disk") {
		t.Errorf("close: %v", err)
	}
	disk.Store(false)
	look, enough := time.NewTicker(10*time.Millisecond), time.After(time.Minute)
	defer look.Stop()
	for s.Close() != nil {
		select {
		case <-look.C:
		case <-enough:
			t.Fatal("there is room again, and the store does not close")
		}
	}
	if s, err := store.Open("data", &store.Options{FS: fs}); err != nil {
		t.Errorf("there is room again: %v", err)
	} else {
		closeStore(t, s)
	}
	if n := lines.Load(); n == 0 || n > int64(took/time.Second)+2 {
		t.Errorf("%d lines in the log after %v", n, took)
	}
}

// A disk that has room again ends nothing, even where it is slow.
func TestStoreWaitsForSpace(t *testing.T) {
	t.Parallel()
	var disk full
	s := open(t, disk.fs())
	store.SetPatience(s, 4*time.Second)
	disk.Store(true)
	time.AfterFunc(2*time.Second, func() {
		disk.delay.Store(int64(3 * time.Second))
		disk.Store(false)
	})
	if err := fill(t, s); err != nil {
		t.Error(err)
	}
	closeStore(t, s)
}
