package main

import (
	"encoding/json"
	"fmt"

	"github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"
)

// take decodes a message for the one who handles it. What cannot be decoded is
// rejected.
func take[T any](ctx statefun.Context, message statefun.Message, t statefun.SimpleType, handle func(statefun.Context, T) error) error {
	var value T
	if err := message.As(t, &value); err != nil {
		return rejection(fmt.Sprintf("decode %v: %v", message.ValueTypeName(), err))
	}
	return handle(ctx, value)
}

// unknown is what becomes of a message that no function takes. The SDK leaves
// that to the function, and one that forgets it loses the message.
func unknown(message statefun.Message) error {
	return rejection(fmt.Sprintf("nobody takes %v", message.ValueTypeName()))
}

// record sends a value to a topic, in JSON. The SDK's own type for JSON would
// end it with a new line.
func record(ctx statefun.Context, egress statefun.TypeName, topic, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ctx.SendEgress(statefun.KafkaEgressBuilder{Target: egress, Topic: topic, Key: key, Value: text})
	return nil
}
