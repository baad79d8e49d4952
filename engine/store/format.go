package store

import "github.com/cockroachdb/pebble/v2"

// Format is the version of the layout below. A store of another version is
// not opened: [ErrFormat].
//
// Keys. The first byte is the kind; numbers in keys are big endian, so that
// the order of keys is the order of numbers. text is a string with its length
// in bytes as a uvarint before it; address is three texts: namespace, name,
// id; name is two texts: namespace, name.
//
//	'c'                                next number: uint64
//	'd' due:uint64 number:uint64       delayed message; due in Unix milliseconds
//	'e' name text number:uint64        egress record: egress, queue, its sequence number
//	'f'                                Format: uvarint. Written first, never changed
//	'k' text text                      pending cancellation token: id of the sender, token
//	'm' address number:uint64          waiting message: its target
//	'q' name text                      counter of an egress queue: egress, queue
//	's' address text                   value of a state: address, state
//
// Values.
//
//	'c'  uint64: greater than every number used in a key of kind 'd' or 'm'
//	'd'  address: the target, then text: the token or empty, then as in 'm'
//	'e'  text: the key, then the value up to the end
//	'k'  due:uint64 number:uint64, the rest of the key of kind 'd'
//	'm'  flags: one byte, 1 = has a caller, 2 = has an argument; with flag 1 address: the
//	     caller; then the argument up to the end, an encoded TypedValue
//	'q'  uint64: the sequence number of the last record of this queue
//	's'  renewed:uint64 in Unix milliseconds, then the value up to the end, an encoded TypedValue
//
// Numbers in values are big endian too.
const Format = 1

// pebbleFormat is the version of Pebble's own files, pinned so that a new
// version of the library does not change them by itself.
const pebbleFormat = pebble.FormatValueSeparation

const (
	keyCounter = 'c'
	keyDelayed = 'd'
	keyRecord  = 'e'
	keyFormat  = 'f'
	keyToken   = 'k'
	keyMessage = 'm'
	keyQueue   = 'q'
	keyState   = 's'
)

const (
	flagCaller   = 1
	flagArgument = 2
)
