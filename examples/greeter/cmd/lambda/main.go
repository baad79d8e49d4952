// Command lambda serves the greeter as an AWS Lambda function. It is the
// bootstrap that template.yaml deploys, which sets its environment:
//
//	STATEFUN_SECRET  what callers present as ?key=…; several, separated by
//	                 commas, are all valid. Empty: everybody may call
//	LOG_LEVEL        debug, info, warn or error; info by default
package main

import (
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

func main() {
	var level slog.LevelVar
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: &level}))
	if text := os.Getenv("LOG_LEVEL"); text != "" {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			logger.Error("LOG_LEVEL", "error", err)
			os.Exit(1)
		}
	}
	options := &statefunlambda.Options{Logger: logger}
	if secrets := os.Getenv("STATEFUN_SECRET"); secrets != "" {
		options.SecretQuery, options.Secrets = "key", strings.Split(secrets, ",")
	}
	handler := statefun.MustNew(greeter.Functions(), &statefun.Options{Logger: logger})
	lambda.Start(statefunlambda.New(handler, options))
}
