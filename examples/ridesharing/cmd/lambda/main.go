// Command lambda serves the ridesharing application as an AWS Lambda function.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/examples/ridesharing"
	"github.com/statefun-go/statefun-go/examples/ridesharing/dispatch"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	handler := statefun.MustNew(ridesharing.Functions(dispatch.DefaultPatience), ridesharing.Options(logger))
	lambda.Start(statefunlambda.New(handler, &statefunlambda.Options{Logger: logger}))
}
