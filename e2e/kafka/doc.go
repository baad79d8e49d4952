// Package kafka runs a real Kafka broker and talks to it.
package kafka
