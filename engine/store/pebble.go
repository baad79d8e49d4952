package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options change how [Open] keeps a store. Nil and zero values mean the
// defaults.
type Options struct {
	// FS is the file system; nil means the one of the machine. Tests pass one
	// in memory.
	FS vfs.FS
	// Logger gets what Pebble has to report about corruption and slow disks;
	// nil means nobody.
	Logger *slog.Logger
	// CacheBytes is the size of the block cache; 0 means 32 MiB.
	CacheBytes int64
}

const (
	defaultCacheBytes = 32 << 20
	memTableBytes     = 16 << 20
)

// Open opens the store in dir, and makes the directory if it is not there. It
// returns [ErrLocked] and [ErrFormat], with details, where they apply.
func Open(dir string, opts *Options) (Store, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if err := makeDir(o.FS, dir); err != nil {
		return nil, fmt.Errorf("store: make %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err != nil {
		return nil, lockError(dir, err)
	}
	s := &pebbleStore{lock: lock, events: eventLog{logger: o.Logger}, patience: commitPatience}
	if err := s.open(dir, &o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lockError tells a directory that somebody uses from one that cannot be
// written. The number by which the system says the former tells people nothing.
func lockError(dir string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("store: lock %s: %w", dir, err)
	}
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("%w: %s", ErrLocked, dir)
	}
	return fmt.Errorf("%w: %s: %w", ErrLocked, dir, err)
}

// makeDir makes a directory and those above it, all of them safe from a loss of
// power: a new directory is an entry of the one above.
func makeDir(fs vfs.FS, dir string) error {
	parents := []string{fs.PathDir(dir)}
	for {
		last := parents[len(parents)-1]
		above := fs.PathDir(last)
		if _, err := fs.Stat(last); err == nil || above == last {
			break
		}
		parents = append(parents, above)
	}
	if err := fs.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, parent := range parents {
		f, err := fs.OpenDir(parent)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// pebbleStore is a Store in Pebble.
type pebbleStore struct {
	lock     *pebble.Lock
	db       *pebble.DB
	events   eventLog
	patience time.Duration
	failed   error      // of the first Commit that failed
	hanging  chan error // what the Commit that was given up will end with; nil if there is none
}

// commitPatience is how long a commit waits for a disk that takes nothing.
const commitPatience = 10 * time.Second

func (s *pebbleStore) open(dir string, o *Options) error {
	cache := pebble.NewCache(o.CacheBytes)
	defer cache.Unref()
	listener := pebble.EventListener{
		BackgroundError: s.events.backgroundError, DataCorruption: s.events.corruption, WALCreated: s.events.walCreated,
	}
	popts := &pebble.Options{
		FS: o.FS, Lock: s.lock, Cache: cache, MemTableSize: memTableBytes,
		FormatMajorVersion: pebbleFormat, Logger: &s.events, EventListener: &listener,
	}
	for i := range popts.Levels {
		popts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	var err error
	if s.db, err = pebble.Open(dir, popts); err != nil {
		return fmt.Errorf("store: open %s: %w", dir, err)
	}
	return s.checkFormat(dir)
}

// checkFormat reads the format version, and writes it into an empty store.
func (s *pebbleStore) checkFormat(dir string) error {
	v, err := s.Get([]byte{keyFormat})
	switch {
	case errors.Is(err, ErrNotFound):
		empty := true
		err := s.Scan(nil, nil, func(_, _ []byte) bool { empty = false; return false })
		if err == nil && !empty {
			err = fmt.Errorf("%w: %s holds data without a format version: it is not an engine's directory", ErrFormat, dir)
		}
		if err != nil {
			return err
		}
		return s.Commit(Changes{string(keyFormat): binary.AppendUvarint(nil, Format)})
	case err != nil:
		return err
	}
	found, n := binary.Uvarint(v)
	switch {
	case n <= 0:
		return fmt.Errorf("%w: %s: the format version is damaged", ErrFormat, dir)
	case found > Format:
		return fmt.Errorf("%w: %s has format %d, this program reads up to %d: use a newer program", ErrFormat, dir, found, Format)
	case found < Format:
		return fmt.Errorf("%w: %s has format %d, this program reads only %d: use the program that wrote it", ErrFormat, dir, found, Format)
	}
	return nil
}

func (s *pebbleStore) Get(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: get: %w", err)
	}
	defer closer.Close() //nolint:errcheck // a Get that succeeded closes without error
	return append(make([]byte, 0, len(v)), v...), nil
}

func (s *pebbleStore) Scan(from, to []byte, visit func(key, value []byte) bool) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return fmt.Errorf("store: scan: %w", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil && !visit(it.Key(), value) {
			break
		}
	}
	if err := errors.Join(err, it.Close()); err != nil {
		return fmt.Errorf("store: scan: %w", err)
	}
	return nil
}

// Commit never tries again: after a failed fsync the kernel may have dropped
// the dirty pages, and report success for the next one.
func (s *pebbleStore) Commit(changes Changes) (err error) {
	if s.failed != nil {
		return fmt.Errorf("store: no commit after one that failed: %w", s.failed)
	}
	defer func() { s.failed = err }()
	b := s.db.NewBatchWithSize(batchSize(changes))
	for k, v := range changes {
		if v == nil {
			err = b.Delete([]byte(k), nil)
		} else {
			err = b.Set([]byte(k), v, nil)
		}
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
	}
	if err := s.write(b); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

// write commits b. Once Pebble's tables in memory are full it waits until one is
// on disk, and on a full disk that is without an end; so write gives up where
// that fails again and again.
func (s *pebbleStore) write(b *pebble.Batch) error {
	done := make(chan error, 1)
	go func() { done <- commit(b) }()
	enough := time.Now().Add(s.patience)
	look := time.NewTicker(s.patience / 10)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-look.C:
			// Only another failure shows that there still is no room.
			if err := s.events.lastError(enough); err != nil && len(done) == 0 {
				s.hanging = done
				return fmt.Errorf("the disk took nothing for %v: %w", s.patience, err)
			}
		}
	}
}

func commit(b *pebble.Batch) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fatal:
			err = r
		default:
			panic(r)
		}
	}()
	return errors.Join(b.Commit(pebble.Sync), b.Close())
}

// batchSize is an upper bound of the bytes of a batch.
func batchSize(changes Changes) int {
	size := 64
	for k, v := range changes {
		size += len(k) + len(v) + 16
	}
	return size
}

func (s *pebbleStore) Close() error {
	if s.hanging != nil {
		select {
		case <-s.hanging: //nolint:errcheck // there was room again; what came of it is not known
		default:
			return errors.New("store: not closed, because a commit still waits for the disk: the directory stays locked until there is room, and another Close, or the process ends")
		}
	}
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if err := errors.Join(err, s.lock.Close()); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}
