// Package store keeps what the engine must not lose: an ordered map of byte
// strings on disk, changed by atomic, synced groups of writes. [Open] keeps it
// in Pebble. format.go is the layout of the keys and values.
package store
