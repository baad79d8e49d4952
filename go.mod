module github.com/statefun-go/statefun-go

go 1.26

require (
	github.com/aws/aws-lambda-go v1.55.1
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2
	google.golang.org/protobuf v1.36.12
)
