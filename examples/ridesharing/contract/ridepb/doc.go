// Package ridepb has the messages of the ridesharing application, generated
// from ride.proto. Generate them again with
//
//	go generate ./examples/ridesharing/contract/ridepb
//
// which needs nothing but Go: both tools have fixed versions, so the same
// ride.proto gives the same ride.pb.go everywhere.
package ridepb

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
