package store

import (
	"errors"
)

// Changes is one atomic group of writes: a new value for each key, nil for a
// key to delete.
type Changes map[string][]byte

// Store is an ordered, durable map. Its methods may be called from many
// goroutines, Commit from one at a time.
type Store interface {
	// Get returns a copy of the value of key, or [ErrNotFound].
	Get(key []byte) ([]byte, error)
	// Scan calls visit for each key k with from <= k < to in ascending order,
	// until visit returns false. The slices are valid only during the call. A
	// nil to means no end.
	Scan(from, to []byte, visit func(key, value []byte) bool) error
	// Commit writes all of changes or nothing, and returns when they are on
	// disk. After an error it is unknown which of the two happened, and every
	// further Commit fails: the owner must close the store and open it anew.
	Commit(changes Changes) error
	// Close releases the store. No other call may be running or follow. Where a
	// Commit failed because the disk was full and still is, Close fails, and may
	// be called again.
	Close() error
}

// Errors of this package.
var (
	// ErrNotFound says that a key has no value.
	ErrNotFound = errors.New("store: not found")
	// ErrLocked says that another process or engine has the directory open.
	ErrLocked = errors.New("store: the directory is in use by another engine")
	// ErrFormat says that the directory was written in a format that this
	// program does not read.
	ErrFormat = errors.New("store: unknown format")
)
