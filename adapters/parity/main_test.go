package parity_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/aws/aws-lambda-go/lambda"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	statefunlambda "github.com/statefun-go/statefun-go/adapters/lambda"
)

// programVariable makes the test binary one of the programs below.
const programVariable = "STATEFUN_PARITY_PROGRAM"

// The programs.
const (
	googleProgram = "google"
	lambdaProgram = "lambda"
)

// TestMain runs the tests, or one of the programs that they talk to.
func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case googleProgram:
		functions.HTTP("Parity", statefungcf.Handler(newHandler(), &statefungcf.Options{Logger: quiet()}))
		fmt.Fprintln(os.Stderr, funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
	case lambdaProgram:
		lambda.Start(statefunlambda.New(newHandler(), lambdaOptions()))
	default:
		m.Run()
	}
}

// lambdaOptions keep back as much time as may be, for a busy machine.
func lambdaOptions() *statefunlambda.Options {
	return &statefunlambda.Options{Headroom: time.Hour, Logger: quiet()}
}

// quiet drops what the adapters log of all that goes wrong here. Then a process
// that prints something does it for another reason.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
