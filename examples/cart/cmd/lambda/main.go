// Command lambda serves the shop as an AWS Lambda function.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/examples/cart"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	handler := statefun.MustNew(cart.Functions(cart.DefaultHold), &statefun.Options{Logger: logger})
	lambda.Start(statefunlambda.New(handler, &statefunlambda.Options{Logger: logger}))
}
