// Package gcf is the ridesharing application as a Google Cloud Function. This directory is what
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
	"github.com/statefun-go/statefun-go/examples/ridesharing"
	"github.com/statefun-go/statefun-go/examples/ridesharing/dispatch"
	"github.com/statefun-go/statefun-go/statefun"
)

var logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))

// Ridesharing answers the StateFun runtime: the entry point of the deployment.
var Ridesharing = statefungcf.Handler(
	statefun.MustNew(ridesharing.Functions(dispatch.DefaultPatience), ridesharing.Options(logger)),
	&statefungcf.Options{Logger: logger},
)

func init() { functions.HTTP("Ridesharing", Ridesharing) }
