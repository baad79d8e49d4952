// Package gcf is the greeter as a Google Cloud Function. This directory is what
// `gcloud functions deploy` uploads, together with what it needs in vendor/:
// see README.md.
package gcf

import (
	"log/slog"
	"os"

	// The main that Google's build writes imports this package. Without this
	// line it would not be in vendor/.
	_ "github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	statefungcf "github.com/statefun-go/statefun-go/adapters/gcf"
	"github.com/statefun-go/statefun-go/examples/greeter"
	"github.com/statefun-go/statefun-go/statefun"
)

var logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))

// Greeter answers the StateFun runtime: the entry point of the deployment.
var Greeter = statefungcf.Handler(
	statefun.MustNew(greeter.Functions(), &statefun.Options{Logger: logger}),
	&statefungcf.Options{Logger: logger},
)

func init() { functions.HTTP("Greeter", Greeter) }
