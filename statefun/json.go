package statefun

import (
	"bytes"
	"encoding/json"
	"sync"
)

// JSON returns a type whose values are encoded by encoding/json: compact, no
// HTML escapes, no newline at the end. Decoding refuses bytes after the value.
func JSON[T any](typename string) Type[T] {
	return Type[T]{&codec[T]{
		name:     typename,
		appendTo: EncodeJSON[T],
		decode: func(data []byte) (v T, err error) {
			err = json.Unmarshal(data, &v)
			return v, err
		},
		err: checkTypeText(typename),
	}}
}

// jsonBuffer is an encoder with the buffer that it writes to. An encoder keeps
// nothing of an earlier value, also not after an error.
type jsonBuffer struct {
	bytes.Buffer
	encoder *json.Encoder
}

// maxPooledJSON bounds what an idle buffer may hold on to, in bytes.
const maxPooledJSON = 64 << 10

var jsonBuffers = sync.Pool{New: func() any {
	b := new(jsonBuffer)
	b.encoder = json.NewEncoder(b)
	b.encoder.SetEscapeHTML(false)
	return b
}}

// EncodeJSON is an [Encoder] that writes what [JSON] writes.
func EncodeJSON[T any](dst []byte, v T) ([]byte, error) {
	b := jsonBuffers.Get().(*jsonBuffer) //nolint:errcheck,forcetypeassert // the pool holds nothing else
	b.Reset()
	if err := b.encoder.Encode(v); err != nil {
		return dst, err
	}
	dst = append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
	if b.Cap() <= maxPooledJSON {
		jsonBuffers.Put(b)
	}
	return dst, nil
}
