package e2e_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// application is what one module file says, without where it runs.
type application struct {
	functions string            // pattern of the endpoint
	url       string            // of the functions, if they are not where all are
	maxBatch  int               // maxNumBatchRequests; 0 is the default
	transport map[string]string // more settings of the transport, by its name
	inputs    []input           // none is for a file with an endpoint only
	egress    string            // id
	outputs   []string          // topics
	states    []string          // of the one function, for StateFun 2.x, which wants them in the file
}

// input is a topic whose records go to functions: the key is the id.
type input struct {
	topic, valueType string
	targets          []string
}

// namespace is that of the functions.
func (a application) namespace() string {
	namespace, _, _ := strings.Cut(a.functions, "/")
	return namespace
}

// running is a runtime with applications, which are numbered.
type running interface {
	// put sends records to the inputs of an application, those of one key in
	// order.
	put(ctx context.Context, app int, records []kafka.Record) error
	// next waits for more records of an application's outputs, those of a key in
	// order. It may return none, and some with an error: what came before ctx
	// ended. Applications may be read at the same time.
	next(ctx context.Context, app int) ([]kafka.Record, error)
	// crash ends the runtime as kill -9 does and brings it back, with what it
	// has kept.
	crash(ctx context.Context) error
	// suspend ends the runtime in order, and resume starts it with all that it
	// has kept. Flink takes a savepoint for it.
	suspend(ctx context.Context) error
	resume(ctx context.Context) error
	// says reports whether the runtime has logged a text.
	says(text string) bool
	// tail shows the end of the runtime's log.
	tail() string
	stop() error
}

// platform is a runtime that can run applications whose functions are at url.
// Each has a module file of its own.
type platform struct {
	name  string
	needs func() error // nil, or why it cannot run here
	start func(ctx context.Context, name, dir string, apps []application, url string) (running, error)
}

// list writes a flow sequence of YAML.
func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = fmt.Sprintf("%q", item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
