package store

import (
	"encoding/binary"
	"slices"

	"github.com/statefun-go/statefun-go/internal/wire"
)

// CounterKey is the key of the counter that numbers messages.
func CounterKey() []byte { return []byte{keyCounter} }

// MessageKey is the key of a waiting message.
func MessageKey(to wire.Address, number uint64) []byte {
	return binary.BigEndian.AppendUint64(addressKey(keyMessage, to, 8), number)
}

// ParseMessageKey is the inverse of [MessageKey]; the strings are views of key.
func ParseMessageKey(key []byte) (to wire.Address, number uint64, err error) {
	r := newReader(key, keyMessage)
	to, number = r.address(), r.uint64()
	return to, number, r.end()
}

// MessageRange holds all waiting messages, those of one address together and
// in the order of their numbers.
func MessageRange() (from, to []byte) { return kindRange(keyMessage) }

// StateKey is the key of the value of a state.
func StateKey(of wire.Address, state string) []byte {
	return appendText(addressKey(keyState, of, len(state)+2), state)
}

// ParseStateKey is the inverse of [StateKey]; the strings are views of key.
func ParseStateKey(key []byte) (of wire.Address, state string, err error) {
	r := newReader(key, keyState)
	of, state = r.address(), r.text()
	return of, state, r.end()
}

// StateRange holds the states of all addresses of one function type.
func StateRange(namespace, name string) (from, to []byte) {
	from = appendText(appendText([]byte{keyState}, namespace), name)
	to = slices.Clone(from)
	for i := len(to) - 1; ; i-- { // the kind byte is below 0xff
		if to[i]++; to[i] != 0 {
			return from, to[:i+1]
		}
	}
}

// DelayedKey is the key of a delayed message that is due at so many Unix
// milliseconds.
func DelayedKey(due int64, number uint64) []byte {
	key := make([]byte, 1, 17)
	key[0] = keyDelayed
	key = binary.BigEndian.AppendUint64(key, uint64(due)) //nolint:gosec // times before 1970 do not occur
	return binary.BigEndian.AppendUint64(key, number)
}

// ParseDelayedKey is the inverse of [DelayedKey].
func ParseDelayedKey(key []byte) (due int64, number uint64, err error) {
	r := newReader(key, keyDelayed)
	due, number = int64(r.uint64()), r.uint64() //nolint:gosec // as DelayedKey wrote it
	return due, number, r.end()
}

// DelayedRange holds all delayed messages in the order in which they are due.
func DelayedRange() (from, to []byte) { return kindRange(keyDelayed) }

// TokenKey is the key of a pending cancellation token.
func TokenKey(senderID, token string) []byte {
	key := make([]byte, 1, 1+2*binary.MaxVarintLen32+len(senderID)+len(token))
	key[0] = keyToken
	return appendText(appendText(key, senderID), token)
}

// RecordKey is the key of an egress record.
func RecordKey(namespace, name, queue string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(queueKey(keyRecord, namespace, name, queue), sequence)
}

// ParseRecordKey returns the sequence number at the end of a [RecordKey].
func ParseRecordKey(key []byte) (sequence uint64, err error) {
	r := newReader(key, keyRecord)
	r.text()
	r.text()
	r.text()
	sequence = r.uint64()
	return sequence, r.end()
}

// QueueKey is the key of the counter of an egress queue.
func QueueKey(namespace, name, queue string) []byte {
	return queueKey(keyQueue, namespace, name, queue)
}

// ParseQueueKey is the inverse of [QueueKey]; the strings are views of key.
func ParseQueueKey(key []byte) (namespace, name, queue string, err error) {
	r := newReader(key, keyQueue)
	namespace, name, queue = r.text(), r.text(), r.text()
	return namespace, name, queue, r.end()
}

// QueueRange holds the counters of all egress queues.
func QueueRange() (from, to []byte) { return kindRange(keyQueue) }

func kindRange(kind byte) (from, to []byte) { return []byte{kind}, []byte{kind + 1} }

func queueKey(kind byte, namespace, name, queue string) []byte {
	key := make([]byte, 1, 1+3*binary.MaxVarintLen32+len(namespace)+len(name)+len(queue)+8)
	key[0] = kind
	return appendText(appendText(appendText(key, namespace), name), queue)
}

// addressKey returns the start of a key, with room for more bytes.
func addressKey(kind byte, a wire.Address, more int) []byte {
	key := make([]byte, 1, 1+3*binary.MaxVarintLen32+len(a.Namespace)+len(a.Name)+len(a.ID)+more)
	key[0] = kind
	return appendAddress(key, a)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendAddress(dst []byte, a wire.Address) []byte {
	return appendText(appendText(appendText(dst, a.Namespace), a.Name), a.ID)
}
