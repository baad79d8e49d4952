package statefun

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// protoPrefix is what the SDKs of Go and Java put before a message's name.
const protoPrefix = "type.googleapis.com/"

// Proto returns the type of a protobuf message; M is the generated pointer
// type. The typename is type.googleapis.com/ and the message's full name. An
// absent state reads as a new empty message. The encoding is deterministic.
func Proto[M proto.Message]() Type[M] {
	mt, err := messageType[M]()
	if err != nil {
		return Type[M]{&codec[M]{err: err}}
	}
	return protoType[M](protoPrefix+string(mt.Descriptor().FullName()), mt)
}

// ProtoAs is [Proto] with another typename, for peers that choose their own.
func ProtoAs[M proto.Message](typename string) Type[M] {
	mt, err := messageType[M]()
	if err = errors.Join(err, checkTypeText(typename)); err != nil {
		return Type[M]{&codec[M]{name: typename, err: err}}
	}
	return protoType[M](typename, mt)
}

// messageType asks the nil pointer of a generated type for its description.
// Dynamic messages have none before there is a value.
func messageType[M proto.Message]() (mt protoreflect.MessageType, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("type %T is not a generated protobuf message: use Custom", *new(M))
		}
	}()
	var zero M
	return zero.ProtoReflect().Type(), nil
}

func protoType[M proto.Message](name string, mt protoreflect.MessageType) Type[M] {
	empty := func() M { return mt.New().Interface().(M) } //nolint:errcheck,forcetypeassert // mt is M's own type
	return Type[M]{&codec[M]{
		name:   name,
		absent: empty,
		appendTo: func(dst []byte, m M) ([]byte, error) {
			return proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, m)
		},
		decode: func(data []byte) (M, error) {
			m := empty()
			return m, proto.Unmarshal(data, m)
		},
		message: true,
	}}
}
