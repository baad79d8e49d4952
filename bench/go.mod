module github.com/statefun-go/statefun-go/bench

go 1.26

require (
	github.com/apache/flink-statefun/statefun-sdk-go/v3 v3.3.0
	github.com/statefun-go/statefun-go v0.0.0
)

require google.golang.org/protobuf v1.36.12

replace github.com/statefun-go/statefun-go => ../
