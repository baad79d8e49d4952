// Package wiretest is protobuf-go as a second opinion about package wire: the
// official protos of both versions as descriptors, messages made of them, and
// random messages in regular and in unusual encodings. Only tests import it.
//
// The descriptors live in a registry of their own. A second copy of the
// official protos in the global registry would panic at init in a binary that
// also holds the official SDK.
package wiretest
